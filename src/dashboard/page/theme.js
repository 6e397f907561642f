/** Light or dark: as the system has it, or as somebody chose. */
import { recolor } from './charts.js';
import { byId, el } from './dom.js';

const CHOICES = ['auto', 'light', 'dark'];
const KEY = 'logferry-theme';
const isDark = matchMedia('(prefers-color-scheme: dark)');

export function prepareTheme() {
  const button = byId('theme');
  let choice = localStorage.getItem(KEY) ?? 'auto';
  const apply = () => {
    document.documentElement.dataset.theme = choice === 'auto' ? (isDark.matches ? 'dark' : 'light') : choice;
    button.replaceChildren(el('span', { className: 'wide-only', textContent: 'Theme: ' }), choice);
    button.ariaLabel = `Theme: ${choice}`;
    recolor();
  };
  button.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto';
    localStorage.setItem(KEY, choice);
    apply();
  });
  isDark.addEventListener('change', apply);
  apply();
}
