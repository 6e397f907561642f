/** What is to be done when the process ends, by whatever way lets anything be done: one listener for all. */
const hooks = new Set<() => void>();

/** Runs `hook` when the process exits; it can't wait but by blocking. The answer takes it back. */
export function atExit(hook: () => void): () => void {
  if (hooks.size === 0) process.on('exit', runHooks);
  hooks.add(hook);
  return () => {
    hooks.delete(hook);
    if (hooks.size === 0) process.off('exit', runHooks);
  };
}

function runHooks(): void {
  for (const hook of hooks) hook();
}
