/** An entry as a row, and the keys that go from row to row. */
import { el, shown, stranger } from './dom.js';
import { clock } from './format.js';

/** How a level looks. */
const LOOKS = new Map([
  ['FATAL', 'bad'],
  ['CRITICAL', 'bad'],
  ['CRIT', 'bad'],
  ['ALERT', 'bad'],
  ['EMERG', 'bad'],
  ['ERROR', 'bad'],
  ['ERR', 'bad'],
  ['WARN', 'warn'],
  ['WARNING', 'warn'],
  ['DEBUG', 'quiet'],
  ['TRACE', 'quiet'],
]);

/**
 * A row that opens the entry.
 * @param {any} entry
 * @param {(entry: any) => void} open
 */
export function entryRow(entry, open) {
  const { timeMs, level, service, message, tags, rest, isCut } = entry;
  const others =
    rest === '' ? [] : [el('bdi', { className: 'rest' }, ...shown(asPairs(rest), { isRow: true }))];
  const tagText = tags.length === 0 ? [] : [el('span', { className: 'tags' }, ...tags.flatMap(tagNodes))];
  const button = el(
    'button',
    { type: 'button', className: 'entry', data: { level: LOOKS.get(level) ?? '' } },
    el('span', { className: 'when', textContent: clock(timeMs) }),
    stranger(level ?? '', 'level'),
    stranger(service ?? '', 'service'),
    el(
      'span',
      { className: 'message' },
      el('bdi', {}, ...shown(message, { isRow: true })),
      isCut ? '…' : '',
      ...tagText,
      ...others,
    ),
  );
  button.addEventListener('click', () => open(entry));
  return el('li', {}, button);
}

/**
 * Members as `name=value`; as they came where they were cut.
 * @param {string} rest
 */
function asPairs(rest) {
  try {
    const pairs = Object.entries(JSON.parse(`{${rest}}`));
    return pairs
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' ');
  } catch {
    return rest;
  }
}

/** @param {string} tag */
const tagNodes = (tag) => [el('bdi', {}, '#', ...shown(tag, { isRow: true })), ' '];

/**
 * Arrows, Home and End go through the rows of a list; Tab goes past it.
 * @param {HTMLElement} list
 */
export function moveByKeys(list) {
  list.addEventListener('keydown', (event) => {
    const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('.entry')]);
    const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (at === -1 || to === undefined) return;
    event.preventDefault();
    rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
  });
}

/** @type {readonly (readonly [string, string])[]} */
const LEVEL_CHOICES = [
  ['', 'any'],
  ['ERROR+', 'error and worse'],
  ['WARN+', 'warn and worse'],
  ['INFO+', 'info and worse'],
  ['FATAL', 'fatal'],
  ['ERROR', 'error'],
  ['WARN', 'warn'],
  ['INFO', 'info'],
  ['DEBUG', 'debug'],
  ['TRACE', 'trace'],
];

/**
 * Fills a list of levels to choose from.
 * @param {HTMLElement} select
 */
export const offerLevels = (select) =>
  select.replaceChildren(
    ...LEVEL_CHOICES.map(([value, textContent]) => el('option', { value, textContent })),
  );
