/**
 * What happens in a shop, step by step. A session begins with `login` or one that was refused, follows `next` (or, at the
 * error rate, `fails`) and ends where there is no next. So nobody pays who has not ordered, and nobody orders who is not in.
 */

export type StepName =
  | 'login'
  | 'refused'
  | 'locked'
  | 'page'
  | 'uncached'
  | 'search'
  | 'slow'
  | 'broken'
  | 'missing'
  | 'cart'
  | 'order'
  | 'charge'
  | 'paid'
  | 'declined'
  | 'timeout'
  | 'cancelled'
  | 'receipt'
  | 'logout'
  | 'expired';

/** Steps, and how likely each is beside the others. */
export type Choice = Readonly<Partial<Record<StepName, number>>>;

export interface Step {
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly service: string;
  readonly message: string;
  readonly request: string;
  readonly status: number;
  /** The quickest and the slowest. */
  readonly ms: readonly [number, number];
  /** True for what belongs to the request of the step before: it has the same id. */
  readonly isSameRequest?: boolean;
  readonly next: Choice;
  /** What comes in place of `next` when something goes wrong. */
  readonly fails?: Choice;
}

const BROWSE: Choice = { page: 8, uncached: 5, search: 4, cart: 5, logout: 1, expired: 1 };
const BROWSE_BADLY: Choice = { slow: 6, missing: 2, broken: 1 };
const AFTER_ORDER: Choice = { page: 4, search: 1, logout: 5, expired: 1 };

export const FIRST: Pick<Step, 'next' | 'fails'> = { next: { login: 1 }, fails: { refused: 1 } };

export const STEPS: Readonly<Record<StepName, Step>> = {
  login: {
    ...{ level: 'INFO', service: 'auth', message: 'login succeeded' },
    ...{ request: 'POST /login', status: 200, ms: [30, 220] },
    ...{ next: BROWSE, fails: BROWSE_BADLY },
  },
  refused: {
    ...{ level: 'WARN', service: 'auth', message: 'login refused, wrong password' },
    ...{ request: 'POST /login', status: 401, ms: [30, 220] },
    next: { login: 7, refused: 2, locked: 1 },
  },
  locked: {
    ...{ level: 'ERROR', service: 'auth', message: 'account locked' },
    ...{ request: 'POST /login', status: 423, ms: [5, 40] },
    next: {},
  },
  page: {
    ...{ level: 'INFO', service: 'catalog', message: 'page served' },
    ...{ request: 'GET /products', status: 200, ms: [3, 90] },
    ...{ next: BROWSE, fails: BROWSE_BADLY },
  },
  uncached: {
    ...{ level: 'DEBUG', service: 'catalog', message: 'cache missed' },
    ...{ request: 'GET /cache/products', status: 404, ms: [1, 9] },
    next: { page: 1 },
  },
  search: {
    ...{ level: 'INFO', service: 'search', message: 'search served' },
    ...{ request: 'GET /search', status: 200, ms: [10, 300] },
    ...{ next: BROWSE, fails: BROWSE_BADLY },
  },
  slow: {
    ...{ level: 'WARN', service: 'catalog', message: 'page was slow' },
    ...{ request: 'GET /products', status: 200, ms: [1500, 6000] },
    next: BROWSE,
  },
  broken: {
    ...{ level: 'ERROR', service: 'catalog', message: 'page failed, the database did not answer' },
    ...{ request: 'GET /products', status: 503, ms: [2000, 5000] },
    next: BROWSE,
  },
  missing: {
    ...{ level: 'WARN', service: 'catalog', message: 'no such page' },
    ...{ request: 'GET /products', status: 404, ms: [2, 20] },
    next: BROWSE,
  },
  cart: {
    ...{ level: 'INFO', service: 'orders', message: 'put into the cart' },
    ...{ request: 'POST /cart', status: 201, ms: [8, 60] },
    next: { cart: 2, order: 5, page: 1 },
  },
  order: {
    ...{ level: 'INFO', service: 'orders', message: 'order placed' },
    ...{ request: 'POST /orders', status: 201, ms: [40, 250] },
    next: { charge: 1 },
  },
  charge: {
    ...{ level: 'DEBUG', service: 'payments', message: 'charge requested' },
    ...{ request: 'POST /charges', status: 202, ms: [2, 12] },
    ...{ next: { paid: 1 }, fails: { declined: 4, timeout: 1 } },
  },
  paid: {
    ...{ level: 'INFO', service: 'payments', message: 'payment approved' },
    ...{ request: 'POST /payments', status: 200, ms: [80, 900] },
    ...{ isSameRequest: true, next: { receipt: 1 } },
  },
  declined: {
    ...{ level: 'ERROR', service: 'payments', message: 'payment declined' },
    ...{ request: 'POST /payments', status: 402, ms: [80, 900] },
    ...{ isSameRequest: true, next: { charge: 3, cancelled: 2 } },
  },
  timeout: {
    ...{ level: 'ERROR', service: 'payments', message: 'payment failed, no answer from the bank' },
    ...{ request: 'POST /payments', status: 504, ms: [5000, 10000] },
    ...{ isSameRequest: true, next: { charge: 1, cancelled: 1 } },
  },
  cancelled: {
    ...{ level: 'WARN', service: 'orders', message: 'order cancelled, not paid' },
    ...{ request: 'DELETE /orders', status: 200, ms: [10, 80] },
    next: AFTER_ORDER,
  },
  receipt: {
    ...{ level: 'INFO', service: 'worker', message: 'receipt sent' },
    ...{ request: 'POST /receipts', status: 202, ms: [5, 50] },
    next: AFTER_ORDER,
  },
  logout: {
    ...{ level: 'INFO', service: 'auth', message: 'logged out' },
    ...{ request: 'POST /logout', status: 204, ms: [3, 30] },
    next: {},
  },
  expired: {
    ...{ level: 'INFO', service: 'auth', message: 'session expired' },
    ...{ request: 'DELETE /sessions', status: 200, ms: [1, 10] },
    next: {},
  },
};

export const STEP_NAMES = Object.keys(STEPS) as StepName[];
