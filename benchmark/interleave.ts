/**
 * Measures every alternative once a round: A B C, A B C, … What the machine does besides then falls on all of them
 * alike, and not on the one that was measured last. The answer has the samples of each, in the order of `alternatives`.
 */
export async function interleave<Alternative, Sample>(
  alternatives: readonly Alternative[],
  rounds: number,
  measure: (alternative: Alternative, round: number) => Promise<Sample>,
): Promise<{ readonly alternative: Alternative; readonly samples: readonly Sample[] }[]> {
  const measured = alternatives.map((alternative) => ({ alternative, samples: [] as Sample[] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { alternative, samples } of measured) samples.push(await measure(alternative, round));
  }
  return measured;
}
