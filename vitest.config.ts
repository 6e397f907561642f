import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most of a test's time is waiting for other processes.
    maxWorkers: Math.max(4, availableParallelism() - 1),
    // The programs are started some thousand times: what node has compiled of them once is kept.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    // Node itself loads it: CommonJS that requires parts of itself would be there twice otherwise.
    server: { deps: { external: [/src\/thrift\/generated\//] } },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.ci/results.json' }]] : ['default'],
  },
});
