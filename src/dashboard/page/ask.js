/** Asks the receiver. */

/** Somebody has to log in first. */
export class LoggedOut extends Error {}

/**
 * The JSON that an address answers. Throws LoggedOut, or an Error that says what was wrong.
 * @param {string} address
 * @param {RequestInit} [wishes]
 * @returns {Promise<any>}
 */
export async function ask(address, wishes = {}) {
  const response = await fetch(address, wishes).catch((error) => {
    if (wishes.signal?.aborted) throw error;
    throw new Error('The receiver does not answer.');
  });
  const said = await response.json().catch(() => ({}));
  if (response.status === 401 && address !== '/login') {
    dispatchEvent(new Event('logged-out'));
    throw new LoggedOut('Log in first.');
  }
  if (!response.ok) throw new Error(sentence(said.reason ?? `the receiver answered ${response.status}`));
  return said;
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/**
 * The same for a POST of JSON.
 * @param {string} address
 * @param {unknown} body
 */
export const tell = (address, body) =>
  ask(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
