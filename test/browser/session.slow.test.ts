import assert from 'node:assert/strict';
import { messages as say } from '../../web/i18n/en.ts';
import { messages as thai } from '../../web/i18n/th.ts';
import { browserTest, type House, type Visitor } from '../helpers/browser.ts';
import { ADMIN } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

async function atAccount(house: House, clock = false): Promise<Visitor> {
  const visitor = await house.visit({ clock });
  await visitor.logIn();
  await visitor.heading(say.home.title).waitFor();
  await visitor.page.getByRole('link', { name: say.shell.account }).click();
  await visitor.heading(say.account.title).waitFor();
  return visitor;
}

const background = ({ page }: Visitor) =>
  page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');

browserTest('a log-in outlives the page, and a log-out is for all tabs of the browser', async (house) => {
  const visitor = await atAccount(house);
  const { page } = visitor;
  await page.reload();
  await visitor.heading(say.account.title).waitFor();

  const other = await visitor.tab();
  await other.getByRole('heading', { level: 1, name: say.home.title }).waitFor();
  const another = await house.visit();
  await another.logIn();
  await another.heading(say.home.title).waitFor();

  const kept = 'JSON.parse(localStorage.getItem("pm-iot-session")).token';
  const token = await page.evaluate<string>(kept);
  await page.getByRole('button', { name: say.account.logOut }).click();
  await visitor.heading(say.login.title).waitFor();
  await other.getByRole('heading', { level: 1, name: say.login.title }).waitFor();
  // Nobody was thrown out: they have left.
  assert.equal(await page.getByText(say.login.ended).count(), 0);
  await page.reload();
  await visitor.heading(say.login.title).waitFor();
  // The token is of no more use to whoever may have it.
  const { url } = house.rest;
  await until('it is ended', async () => {
    const { status } = await fetch(`${url}/api/auth/me`, { headers: { Authorization: `Bearer ${token}` } });
    return status === 401;
  });
  // Another browser has a log-in of its own.
  await another.page.reload();
  await another.heading(say.home.title).waitFor();

  await visitor.logIn();
  await visitor.heading(say.account.title).waitFor();
  await other.getByRole('heading', { level: 1, name: say.home.title }).waitFor();
});

browserTest(
  'a password is changed: the page stays logged in, and the others are told at the door',
  async (house) => {
    const [visitor, other] = [await atAccount(house), await atAccount(house, true)];
    const { page } = visitor;
    const chosen = 'words that belong to me';
    const field = (name: string) => page.getByLabel(name, { exact: true });
    visitor.allow(/status of 400/);
    await field(say.password.current).fill('not this one');
    await field(say.password.next).fill(chosen);
    await field(say.password.again).fill(chosen);
    await page.getByRole('button', { name: say.password.submit }).click();
    await page.getByRole('alert').waitFor();
    await field(say.password.current).fill(ADMIN.password);
    await page.getByRole('button', { name: say.password.submit }).click();
    await page.getByText(say.password.changed).waitFor();
    assert.equal(await field(say.password.current).inputValue(), '');
    await page.reload();
    await visitor.heading(say.account.title).waitFor();

    other.allow(/status of 401/);
    await other.pass(60_000);
    await other.heading(say.login.title).waitFor();
    await other.page.getByText(say.login.ended).waitFor();
    await other.logIn({ ...ADMIN, password: chosen });
    await other.heading(say.account.title).waitFor();
  },
);

browserTest('the language is chosen, kept, and given back', async (house) => {
  const visitor = await atAccount(house);
  const { page } = visitor;
  const language = () => page.evaluate<string>('document.documentElement.lang');
  assert.equal(await language(), 'en');
  await page.getByLabel(say.account.language).selectOption('th');
  await visitor.heading(thai.account.title).waitFor();
  assert.equal(await language(), 'th');
  await until('the window is named so', async () => (await page.title()).startsWith(thai.account.title));
  await page.getByRole('link', { name: thai.shell.home }).click();
  await visitor.heading(thai.home.title).waitFor();
  await page.reload();
  await visitor.heading(thai.home.title).waitFor();
  await page.getByRole('link', { name: thai.shell.account }).click();
  await page.getByLabel(thai.account.language).selectOption('en');
  await visitor.heading(say.account.title).waitFor();
  assert.equal(await language(), 'en');

  const other = await house.visit({ locale: 'th-TH' });
  await other.heading(thai.login.title).waitFor();
});

browserTest('light and dark are as the system has them, unless they are chosen', async (house) => {
  const visitor = await atAccount(house);
  const { page } = visitor;
  const light = await background(visitor);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background(visitor);
  assert.notEqual(dark, light);
  const theme = page.getByLabel(say.account.theme);
  await theme.selectOption('light');
  assert.equal(await background(visitor), light);
  await page.emulateMedia({ colorScheme: 'light' });
  await theme.selectOption('dark');
  assert.equal(await background(visitor), dark);
  await page.reload();
  await visitor.heading(say.account.title).waitFor();
  assert.equal(await background(visitor), dark);
  await theme.selectOption('auto');
  assert.equal(await background(visitor), light);
});

browserTest('one who is no admin sees the rooms that were granted, and no admin pages', async (house) => {
  const granted = await house.room('Living room');
  await house.room('Vault');
  const lamp = await house.lamp('lamp', granted);
  const { widget_id: id } = await lamp.widget('power');
  const login = { username: 'guest', password: 'a-guest-of-this-house' };
  const { user } = await house.rest.expect<{ user: { id: number } }>(
    201,
    'POST',
    '/api/auth/register',
    login,
  );
  await house.rest.expect(200, 'PUT', `/api/users/${user.id}`, {
    room_ids: [granted],
    must_change_password: false,
  });
  const visitor = await house.visit();
  await visitor.logIn(login);
  await visitor.heading('Living room').waitFor();
  const { page } = visitor;
  assert.equal(await page.getByText('Vault').count(), 0);
  for (const name of [say.shell.users, say.shell.system, say.shell.events]) {
    assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, name);
  }
  await visitor.card(id).getByRole('switch').click();
  await visitor.card(id).getByRole('switch', { checked: true }).waitFor();
  await visitor.confirmed(id).waitFor();
  await page.goto(`${visitor.origin}/#/users`);
  await visitor.heading(say.common.nothingHere).waitFor();
});
