/** Light or dark: as the system has it, or as somebody chose. */
import { recolor } from './charts.js';
import { byId, el } from './dom.js';

const CHOICES = ['auto', 'light', 'dark'];
const KEY = 'logferry-theme';
const isDark = matchMedia('(prefers-color-scheme: dark)');

export function prepareTheme() {
  const button = byId('theme');
  let choice = remembered() ?? 'auto';
  const apply = () => {
    document.documentElement.dataset.theme = choice === 'auto' ? (isDark.matches ? 'dark' : 'light') : choice;
    button.replaceChildren(el('span', { className: 'wide-only', textContent: 'Theme: ' }), choice);
    button.ariaLabel = `Theme: ${choice}`;
    recolor();
  };
  button.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto';
    remember(choice);
    apply();
  });
  isDark.addEventListener('change', apply);
  apply();
}

/** A browser may keep nothing for a page: then the choice lasts as long as the page. */
function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} choice */
function remember(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // The page has it.
  }
}
