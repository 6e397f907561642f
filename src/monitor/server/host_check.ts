/**
 * A page from elsewhere can have its name point to 127.0.0.1 and then read what only this machine may (DNS rebinding).
 * The browser still says the page's own name in `Host`, so on loopback only names of loopback are answered.
 */
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i;

/** True for an address that only this machine reaches. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host.includes(':') ? `[${host}]` : host);

/** Whether a request with this `Host` is answered by a server that listens on `boundTo`. */
export function isHostAllowed(boundTo: string, host: string | undefined): boolean {
  if (!isLoopback(boundTo)) return true;
  return LOOPBACK.test((host ?? '').replace(/:\d{1,5}$/, ''));
}
