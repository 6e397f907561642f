/** Metrics for a person with a browser, where there is no dashboard: a table, and nothing that runs. */
import { createHash } from 'node:crypto';

const STYLE = `:root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #8884;padding:.25rem .5rem;vertical-align:top;overflow-wrap:anywhere}
td:last-child{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}th{padding:1rem .5rem .25rem;text-align:left;font-weight:400;opacity:.75}`;

/** What is said with it: its style may be, nothing else. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  'x-content-type-options': 'nosniff',
  vary: 'accept',
} as const;

/** True for a browser: it says that it would have HTML. A scraper does not. */
export const wantsPage = (accept: string | undefined): boolean => /\btext\/html\b/i.test(accept ?? '');

/** The page of an exposition, and the headers to send it with. */
export function metricsPage(exposition: string): { readonly html: string; readonly headers: typeof HEADERS } {
  const rows = exposition.split('\n').map(rowOf).join('');
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Logferry metrics</title><style>${STYLE}</style></head><body><h1>Metrics</h1><p>As of ${new Date().toISOString()}. Programs that do not ask for HTML get the same as text.</p><table>${rows}</table></body></html>`;
  return { html, headers: HEADERS };
}

function rowOf(line: string): string {
  if (line === '' || line.startsWith('# TYPE')) return '';
  if (line.startsWith('# HELP ')) {
    const [name = '', ...words] = line.slice('# HELP '.length).split(' ');
    return `<tr><th colspan="2"><b>${escaped(name)}</b> ${escaped(words.join(' '))}</th></tr>`;
  }
  const at = line.lastIndexOf(' ');
  return `<tr><td>${escaped(line.slice(0, at))}</td><td>${escaped(line.slice(at + 1))}</td></tr>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
