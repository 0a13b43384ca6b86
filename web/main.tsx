import { render } from 'preact';
import { App } from './app.tsx';
import { createCore, systemClock } from './state/index.ts';
import { loadLanguage, preferredLanguage } from './ui/languages.ts';
import './styles/index.css';
import { browserKeeper, onOtherTab } from './ui/keeper.ts';
import { preferences } from './ui/preferences.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no place for the app');

const core = createCore({ clock: systemClock, keeper: browserKeeper });
onOtherTab(core.adopt);
const look = () => {
  core.poller.setHidden(document.hidden);
  if (!document.hidden) core.poller.look();
};
core.poller.setHidden(document.hidden);
document.addEventListener('visibilitychange', look);
window.addEventListener('focus', look);
window.addEventListener('online', look);

preferences.apply();
const language = await loadLanguage(preferredLanguage(preferences.get().language, navigator.languages));
render(<App core={core} firstLanguage={language} />, root);

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  // Without one (a certificate that the browser does not trust) all works but to be installed.
  navigator.serviceWorker.register('./sw.js').catch(() => undefined);
}
