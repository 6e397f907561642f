/** What the receiver was told to do, and where. */
import { ask } from './ask.js';
import { byId, el, empty, shown, table } from './dom.js';

/** @type {any[]} */
let rows = [];

export function prepareConfiguration() {
  const form = byId('configuration-filter');
  form.addEventListener('input', draw);
  form.addEventListener('submit', (/** @type {Event} */ event) => event.preventDefault());
}

/** Reads it; it stays the same until the receiver is started again. */
export async function readConfiguration() {
  rows = await ask('/api/configuration');
  draw();
}

function draw() {
  const { text, changed } = byId('configuration-filter').elements;
  const wanted = text.value.trim().toLowerCase();
  const found = rows.filter(
    ({ name, value, where, help }) =>
      (!changed.checked || where !== 'default') &&
      `${name}\n${value}\n${help}`.toLowerCase().includes(wanted),
  );
  const cells = found.map(({ name, value, where, help }) => [
    el('span', {}, el('code', { textContent: name })),
    el('code', {}, ...shown(value === '' ? '(empty)' : value)),
    el('span', {}, ...shown(where)),
    el('span', { className: 'help' }, ...shown(help)),
  ]);
  const made = table(['Option', 'Value', 'Set by', 'What it does?'], cells);
  for (const [n, row] of [...made.querySelectorAll('tbody tr')].entries())
    if (found[n]?.where !== 'default') row.dataset.set = '';
  byId('configuration-table').replaceChildren(found.length === 0 ? empty('No option is like that.') : made);
}
