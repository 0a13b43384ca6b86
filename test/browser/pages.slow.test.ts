import assert from 'node:assert/strict';
import { messages as say } from '../../web/i18n/en.ts';
import { browserTest, type Visitor } from '../helpers/browser.ts';
import { until } from '../helpers/wait.ts';

const open = ({ page, origin }: Visitor, hash: string) => page.goto(`${origin}/${hash}`);

browserTest(
  'a device that arrives is paired with the key of its label, and its cards are chosen',
  async (house) => {
    const visitor = await house.visit({ clock: true });
    const { page } = visitor;
    const words = say.devices.pairing;
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    await visitor.logIn();
    await visitor.heading(say.home.title).waitFor();
    await open(visitor, '#/devices');
    await visitor.heading(say.devices.title).waitFor();

    // It shows up within a poll.
    const lamp = await house.lamp('lamp');
    await visitor.pass();
    await button(say.devices.pairName('Device lamp')).click();
    const dialog = page.getByRole('dialog', { name: words.title('Device lamp') });
    await dialog.getByLabel(words.room, { exact: true }).selectOption({ label: words.newRoom });
    await dialog.getByLabel(words.newRoomName, { exact: true }).fill('Living room');
    await dialog.getByLabel(words.key).fill('0000');
    visitor.allow(/status of 409/);
    await dialog.getByRole('button', { name: words.submit, exact: true }).click();
    await dialog.getByRole('alert').getByText(words.deviceSays('wrong key')).waitFor();
    assert.equal((await house.rest.device('lamp')).room_id, null);

    await dialog.getByRole('button', { name: words.back }).click();
    await dialog.getByLabel(words.key).fill(lamp.key);
    await dialog.getByRole('button', { name: words.submit, exact: true }).click();
    await page.getByText(words.confirmed).waitFor();
    await button(words.none).click();
    await page.getByRole('checkbox', { name: /^Power/ }).check();
    await button(words.show).click();
    await page.getByRole('link', { name: words.toRoom('Living room') }).click();
    await visitor.heading('Living room').waitFor();
    await visitor.card((await lamp.widget('power')).widget_id).waitFor();
    assert.equal(await page.locator('li.card').count(), 1);
    assert.equal(visitor.count('POST /api/rooms'), 1, 'a second attempt makes no second room');
  },
);

browserTest(
  'a widget has a page with its history, and what is done there is not undone at home',
  async (house) => {
    const roomId = await house.room('Living room');
    const lamp = await house.lamp('lamp', roomId);
    for (const value of [18, 20, 25]) await lamp.report('temperature', value);
    const [power, temperature] = [await lamp.widget('power'), await lamp.widget('temperature')];
    const visitor = await house.visit();
    const { page } = visitor;
    await visitor.logIn();
    await visitor.card(temperature.widget_id).getByText('25 °C').waitFor();
    await visitor.card(temperature.widget_id).getByRole('link').click();
    await visitor.heading('Temperature').waitFor();
    await page.getByRole('img', { name: /Chart of Temperature/ }).waitFor();
    await page.getByRole('heading', { name: say.widget.stats }).waitFor();
    await page.getByText('21 °C').waitFor();
    await page.getByRole('button', { name: say.widget.preset.hour }).click();
    await page.getByRole('button', { name: say.widget.preset.hour, pressed: true }).waitFor();
    await page.getByRole('cell', { name: '18 °C' }).waitFor();

    await open(visitor, `#/widgets/${power.widget_id}`);
    await visitor.heading('Power').waitFor();
    await page.getByRole('switch', { checked: false }).click();
    await page.getByRole('switch', { checked: true }).waitFor();
    await until('it is obeyed', async () => (await lamp.widget('power')).value === 'ON');
    await page.locator('.is-waiting').waitFor({ state: 'detached' });
    // The page has asked since, so that the command itself is forgotten.
    const asked = visitor.count(`GET /api/widgets/${power.widget_id}`);
    await until('it is asked again', () => visitor.count(`GET /api/widgets/${power.widget_id}`) > asked + 1);

    // At home the room's own answer is of before, and a new one is long in coming.
    const cards = `**/api/rooms/${roomId}/widgets`;
    let held: (() => void) | null = null;
    await page.route(cards, (route) => {
      held = () => void route.continue().catch(() => {});
    });
    await page.getByRole('link', { name: 'Living room' }).click();
    await visitor.card(power.widget_id).waitFor();
    await until('it is asked for', () => held !== null);
    assert.equal(await visitor.card(power.widget_id).getByRole('switch', { checked: true }).count(), 1);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  },
);

browserTest('an admin makes a room and an account, and a person finds both', async (house) => {
  const visitor = await house.visit();
  const { page } = visitor;
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const dialog = page.getByRole('dialog');
  await visitor.logIn();
  await visitor.heading(say.home.title).waitFor();
  await open(visitor, '#/rooms');
  await button(say.rooms.add).click();
  await dialog.getByLabel(say.common.name).fill('Kitchen');
  await dialog.getByRole('button', { name: say.rooms.make }).click();
  await page.getByRole('link', { name: 'Kitchen' }).waitFor();

  await open(visitor, '#/users');
  await button(say.users.add).click();
  await dialog.getByLabel(say.users.username, { exact: true }).fill('somchai');
  await dialog.getByRole('checkbox', { name: 'Kitchen' }).check();
  await button(say.users.generate).click();
  const password = await dialog.getByLabel(say.users.password, { exact: true }).inputValue();
  assert.ok(password.length >= 12);
  await dialog.getByRole('button', { name: say.users.make }).click();
  await page.getByRole('heading', { name: say.users.created('somchai') }).waitFor();
  await page.getByText(password).waitFor();
  await button(say.users.done).click();
  await page.getByText(password).waitFor({ state: 'detached' });

  const person = await house.visit();
  await person.logIn({ username: 'somchai', password });
  await person.heading(say.password.forced).waitFor();
  const field = (name: string) => person.page.getByLabel(name, { exact: true });
  await field(say.password.current).fill(password);
  await field(say.password.next).fill('words that belong to me');
  await field(say.password.again).fill('words that belong to me');
  await person.page.getByRole('button', { name: say.password.submit }).click();
  await person.heading('Kitchen').waitFor();

  await open(visitor, '#/events');
  await visitor.heading(say.events.title).waitFor();
  await page.getByRole('listitem').filter({ hasText: 'somchai' }).first().waitFor();
  await open(visitor, '#/system');
  await visitor.heading(say.system.title).waitFor();
  await page.getByText(say.system.verdict.good).waitFor();
});
