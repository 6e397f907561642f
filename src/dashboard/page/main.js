/** The page: its views, the way in, and the stream that fills them. */
import { ask, tell } from './ask.js';
import { prepareConfiguration, readConfiguration } from './configuration.js';
import { openDetail, prepareDetail } from './detail.js';
import { byId, plain } from './dom.js';
import { Overview } from './overview.js';
import { Search } from './search.js';
import { Stream } from './stream.js';
import { Tail } from './tail.js';
import { prepareTheme } from './theme.js';

const VIEWS = ['overview', 'tail', 'search', 'configuration'];

prepareTheme();
prepareDetail();
prepareConfiguration();
const overview = new Overview();
const tail = new Tail(openDetail, (query) => stream.open(query));
new Search(openDetail);

/** @type {Record<string, (data: any) => void>} */
const HANDLERS = {
  history: (data) => overview.begin(data),
  figures: showFigures,
  insight(data) {
    overview.look(data);
    tail.note(overview.sampleNote);
  },
  tail: (data) => tail.take(data),
  dropped: (data) => tail.dropped(data),
};

const stream = new Stream({
  on: (name, data) => HANDLERS[name]?.(data),
  lost() {
    showBanner('The connection to the receiver is lost. Trying again…', 'warn');
    showHealth('No connection', 'bad');
  },
  back() {
    showBanner('');
    void readConfiguration().catch(() => undefined);
  },
  refused: whyRefused,
});

addEventListener('hashchange', showView);
addEventListener('logged-out', () => void enter());
byId('login').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  void logIn();
});
byId('logout').addEventListener('click', () => void tell('/logout', {}).finally(enter));
void enter();

/** The views, or first the form to log in. Tries again where the receiver does not answer. */
async function enter() {
  try {
    const { isTokenWanted, isLoggedIn, hasArchive } = await ask('/api/session');
    for (const part of document.querySelectorAll('.of-archive')) part.classList.toggle('absent', !hasArchive);
    byId('login').hidden = isLoggedIn;
    byId('tabs').hidden = !isLoggedIn;
    byId('logout').hidden = !isTokenWanted || !isLoggedIn;
    showBanner('');
    showView();
    if (!isLoggedIn) {
      stream.close();
      showHealth('Logged out', '');
      byId('token').focus();
      return;
    }
    await readConfiguration();
    stream.open(tail.query);
  } catch (error) {
    showBanner(/** @type {Error} */ (error).message, 'warn');
    setTimeout(() => void enter(), 2000);
  }
}

async function logIn() {
  const field = byId('token');
  const problem = byId('login-problem');
  problem.textContent = '';
  try {
    await tell('/login', { token: field.value });
    field.value = '';
    await enter();
    byId('content').focus({ preventScroll: true });
  } catch (error) {
    problem.textContent = /** @type {Error} */ (error).message;
    field.select();
  }
}

/** A stream that is refused says no reason to the page: asking for something small does. The answer is whether to try again. */
async function whyRefused() {
  try {
    await ask('/api/configuration');
    showBanner('The receiver serves no more pages at the moment. Trying again…', 'warn');
    return true;
  } catch {
    return byId('login').hidden;
  }
}

function showView() {
  const isIn = byId('login').hidden;
  const isThere = (/** @type {string} */ view) => !byId(view).classList.contains('absent');
  const wanted = VIEWS.find((view) => `#${view}` === location.hash && isThere(view)) ?? 'overview';
  for (const view of VIEWS) byId(view).hidden = !isIn || view !== wanted;
  for (const link of document.querySelectorAll('#tabs a'))
    link.ariaCurrent = link.getAttribute('href') === `#${wanted}` ? 'page' : null;
  scrollTo(0, 0);
}

/** @param {any} figures */
function showFigures(figures) {
  const { state, reason } = figures.health;
  const words = /** @type {Record<string, [string, string]>} */ ({
    ok: ['Healthy', 'ok'],
    stopping: ['Stopping', 'bad'],
    not_acknowledging: ['Not acknowledging', 'bad'],
  });
  showHealth(...(words[state] ?? [state, 'bad']));
  showBanner(reason === undefined ? '' : `Nothing is acknowledged: ${plain(reason)}`, 'bad');
  overview.show(figures);
}

/**
 * Said anew only where it is something else: what changes is read out.
 * @param {string} text
 * @param {string} state
 */
function showHealth(text, state) {
  const pill = byId('health');
  if (pill.textContent === text) return;
  pill.textContent = text;
  pill.dataset.state = state;
}

/**
 * @param {string} text
 * @param {'warn' | 'bad'} [state]
 */
function showBanner(text, state = 'warn') {
  const banner = byId('banner');
  if (banner.textContent !== text) banner.textContent = text;
  banner.dataset.state = state;
  banner.hidden = text === '';
}
