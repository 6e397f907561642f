/** All there is of one entry. */
import { ask } from './ask.js';
import { byId, el, shown, stranger } from './dom.js';
import { bytes, moment } from './format.js';

/** More of a text is shown when somebody asks for it, and then so much more. */
const FIRST = 2000;
const STEP = 100_000;
const MAX_FIELDS = 200;
const ONE_LINE = 80;

/** Shows an entry of a list. @param {any} entry */
export async function openDetail(entry) {
  const dialog = byId('detail');
  const body = byId('detail-body');
  body.replaceChildren(el('p', { className: 'note', textContent: 'Reading…' }));
  dialog.showModal();
  try {
    const { segment, offset, line } = entry.place;
    body.replaceChildren(
      ...parts(entry, await ask(`/api/entry?${new URLSearchParams({ segment, offset, line })}`)),
    );
  } catch (error) {
    body.replaceChildren(
      el('p', { className: 'problem', textContent: /** @type {Error} */ (error).message }),
    );
  }
}

/** Closes where the dialog is left. */
export function prepareDetail() {
  const dialog = byId('detail');
  byId('detail-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (/** @type {Event} */ event) => {
    if (event.target === dialog) dialog.close();
  });
}

/**
 * @param {any} entry
 * @param {{ line: string, bytes: number, isCut: boolean, shipper: string, sequence: number, receivedAtMs: number }} stored
 */
function parts({ timeMs, place }, { line, bytes: size, isCut, shipper, sequence, receivedAtMs }) {
  const about = fields([
    ['time', moment(timeMs)],
    ['received', moment(receivedAtMs)],
    ['shipper', stranger(shipper)],
    ['batch', String(sequence)],
    ['place', `${place.segment}, byte ${place.offset}, line ${place.line + 1}`],
    ['size', bytes(size)],
  ]);
  const members = isCut ? undefined : membersOf(line);
  return [
    about,
    ...(members === undefined ? [] : [heading('Members'), fields(members)]),
    heading('As it is stored'),
    el('pre', { className: 'raw' }, longText(line)),
    ...(isCut
      ? [
          el('p', {
            className: 'note',
            textContent: `Only the first MiB of it is shown. The command query prints all of it.`,
          }),
        ]
      : []),
  ];
}

/** @param {string} textContent */
const heading = (textContent) => el('h3', { textContent });

/**
 * The members of an entry, as they are written; undefined where it is no object.
 * @param {string} line
 * @returns {[Node, Node][] | undefined}
 */
function membersOf(line) {
  try {
    const value = JSON.parse(line, asWritten);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.entries(value)
      .slice(0, MAX_FIELDS)
      .map(([name, member]) => [
        stranger(name.slice(0, 200)),
        longText(typeof member === 'string' ? member : jsonOf(member)),
      ]);
  } catch {
    return undefined;
  }
}

/**
 * In one line, where it is short.
 * @param {unknown} value
 */
function jsonOf(value) {
  const line = JSON.stringify(value) ?? '';
  return line.length <= ONE_LINE ? line : (JSON.stringify(value, null, 2) ?? '');
}

/**
 * Numbers stay as they are written: some have more digits than this language.
 * @param {string} _name
 * @param {any} value
 * @param {{ source: string }} [context]
 */
function asWritten(_name, value, context) {
  const { rawJSON } = /** @type {any} */ (JSON);
  return typeof value === 'number' && context !== undefined && rawJSON !== undefined
    ? rawJSON(context.source)
    : value;
}

/** @param {readonly (readonly [Node | string, Node | string])[]} rows */
const fields = (rows) =>
  el(
    'dl',
    { className: 'fields' },
    ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  );

/**
 * A text by its beginning, and a button for more of it.
 * @param {string} text
 */
function longText(text) {
  const holder = el('bdi', {}, ...shown(text.slice(0, FIRST)));
  if (text.length <= FIRST) return holder;
  let at = FIRST;
  const button = el('button', { type: 'button', className: 'more' });
  const label = () => (button.textContent = `Show more (${bytes(text.length - at)} left)`);
  label();
  button.addEventListener('click', () => {
    button.before(...shown(text.slice(at, at + STEP)));
    at += STEP;
    if (at >= text.length) button.remove();
    else label();
  });
  holder.append(button);
  return holder;
}
