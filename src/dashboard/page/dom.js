/** Builds what is shown. Text gets into the page by `textContent` and text nodes alone: none of it is ever markup. */

/**
 * An element with these properties and children. `data` becomes data attributes, what has a dash in its name an attribute.
 * @param {string} tag
 * @param {Readonly<Record<string, any>>} [properties]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'data') Object.assign(element.dataset, value);
    else if (name.includes('-')) element.setAttribute(name, value);
    else /** @type {any} */ (element)[name] = value;
  }
  element.append(...children);
  return element;
}

/**
 * The element with this id.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * What a terminal, a browser or an eye would be led astray by: control characters, marks of direction, characters without
 * width, halves of a pair.
 */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\uffff]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** A line that is shown in a row has no line breaks of its own. */
const IN_A_ROW = /[\t\n]/g;

/**
 * Nodes that show a text of a stranger: what can't be seen is written as an escape.
 * @param {string} text
 * @param {{ isRow?: boolean }} [wishes]
 * @returns {Node[]}
 */
export function shown(text, { isRow = false } = {}) {
  const line = isRow ? text.replace(IN_A_ROW, ' ') : text;
  /** @type {Node[]} */
  const nodes = [];
  let from = 0;
  for (const match of line.matchAll(UNSEEN)) {
    if (match.index > from) nodes.push(document.createTextNode(line.slice(from, match.index)));
    nodes.push(el('span', { className: 'escape', textContent: escapeOf(match[0]) }));
    from = match.index + match[0].length;
  }
  if (from < line.length) nodes.push(document.createTextNode(line.slice(from)));
  return nodes;
}

/**
 * A text of a stranger, kept to itself: what is written from right to left does not turn what is beside it.
 * @param {string} text
 * @param {string} [className]
 */
export const stranger = (text, className = '') =>
  el('bdi', { className, title: plain(text) }, ...shown(text, { isRow: true }));

/**
 * The same as plain text, for where there is no markup: titles.
 * @param {string} text
 */
export const plain = (text) => text.replace(UNSEEN, escapeOf).slice(0, 300);

/** @param {string} letter */
function escapeOf(letter) {
  const code = letter.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * A table of rows; a column whose name ends with `#` is of numbers, one with `?` is left out on phones.
 * @param {readonly string[]} columns
 * @param {readonly (readonly (Node | string)[])[]} rows
 */
export function table(columns, rows) {
  const names = columns.map((column) => column.replace(/[#?]+$/, ''));
  const classes = columns.map(
    (column) => `${column.includes('#') ? 'number ' : ''}${column.includes('?') ? 'wide-only' : ''}`,
  );
  const head = names.map((name, n) => el('th', { scope: 'col', className: classes[n], textContent: name }));
  const body = rows.map((row) =>
    el(
      'tr',
      {},
      ...row.map((cell, n) => el('td', { className: `${classes[n]}${n === 0 ? ' name' : ''}` }, cell)),
    ),
  );
  return el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...body));
}

/**
 * What stands where there is nothing to show.
 * @param {string} text
 */
export const empty = (text) => el('p', { className: 'empty', textContent: text });
