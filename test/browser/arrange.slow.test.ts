import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { messages as say } from '../../web/i18n/en.ts';
import { browserTest, type House, type Visitor } from '../helpers/browser.ts';
import { until } from '../helpers/wait.ts';

const NAMES = ['Power', 'Brightness', 'Mode', 'Message', 'Chime', 'Temperature'];

/** The names in a list, as they are read from its top. */
const namesIn = (list: Locator) => list.allTextContents();

async function scene(house: House) {
  const roomId = await house.room('Living room');
  const lamp = await house.lamp('lamp', roomId);
  const visitor = await house.visit({ clock: true });
  await visitor.logIn();
  const cards = visitor.page.locator('li.card h2');
  await cards.first().waitFor();
  assert.deepEqual(await namesIn(cards), NAMES);
  const places = visitor.page.locator('ul.arrange strong');
  const orders = () => visitor.count(`POST /api/rooms/${roomId}/widgets/order`);
  return { visitor, roomId, lamp, cards, places, orders };
}

const button = ({ page }: Visitor, name: string) => page.getByRole('button', { name, exact: true });
const inOrder = (list: Locator, names: readonly string[]) =>
  until(`it is ${names.join()}`, async () => (await namesIn(list)).join() === names.join());

/** By its handle, over the middle of another one. */
async function drag({ page }: Visitor, from: string, to: string): Promise<void> {
  const item = (name: string) => page.locator('ul.arrange li', { hasText: name });
  const grip = await item(from).locator('.grip').boundingBox();
  const target = await item(to).boundingBox();
  assert.ok(grip && target);
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 8 });
  // The list follows in the next picture.
  await page.clock.runFor(100);
  await page.mouse.up();
}

browserTest('cards are dragged by their handles, and saved once, when it is done', async (house) => {
  const { visitor, cards, places, orders } = await scene(house);
  await button(visitor, say.home.arrange).click();
  await inOrder(places, NAMES);
  await drag(visitor, 'Power', 'Mode');
  const down = ['Brightness', 'Mode', 'Power', 'Message', 'Chime', 'Temperature'];
  await inOrder(places, down);
  await drag(visitor, 'Temperature', 'Brightness');
  const both = ['Temperature', 'Brightness', 'Mode', 'Power', 'Message', 'Chime'];
  await inOrder(places, both);
  assert.equal(orders(), 0);
  await button(visitor, say.home.done).click();
  await inOrder(cards, both);
  assert.equal(orders(), 1);
  await visitor.page.reload();
  await inOrder(cards, both);
});

browserTest('cards are moved and hidden with the keyboard alone', async (house) => {
  const { visitor, cards, places, orders } = await scene(house);
  const { page } = visitor;
  const focused = (name: string) => page.locator(`button[aria-label="${name}"]:focus`).waitFor();
  await button(visitor, say.home.arrange).press('Enter');
  await inOrder(places, NAMES);

  await button(visitor, say.home.later('Power')).press('Enter');
  await focused(say.home.later('Power'));
  await page.getByText(say.home.moved('Power', '2', '6')).waitFor({ state: 'attached' });
  await page.keyboard.press('Space');
  await inOrder(places, ['Brightness', 'Mode', 'Power', 'Message', 'Chime', 'Temperature']);
  await button(visitor, say.home.earlier('Temperature')).press('Enter');
  // At the end of the list it stays where it is, and so does the focus.
  await button(visitor, say.home.earlier('Brightness')).press('Enter');
  await focused(say.home.earlier('Brightness'));
  const moved = ['Brightness', 'Mode', 'Power', 'Message', 'Temperature', 'Chime'];
  await inOrder(places, moved);

  await button(visitor, say.home.hide('Mode')).press('Enter');
  await focused(say.home.show('Mode'));
  await button(visitor, say.home.hide('Chime')).press('Space');
  await button(visitor, say.home.done).press('Enter');
  await inOrder(cards, ['Brightness', 'Power', 'Message', 'Temperature']);
  assert.equal(orders(), 1);

  await button(visitor, say.home.arrange).press('Enter');
  await button(visitor, say.home.show('Mode')).press('Enter');
  await button(visitor, say.home.done).press('Enter');
  await inOrder(cards, ['Brightness', 'Mode', 'Power', 'Message', 'Temperature']);
});

browserTest('nothing is saved of what was cancelled, or changed by nobody', async (house) => {
  const { visitor, roomId, lamp, cards, places, orders } = await scene(house);
  await button(visitor, say.home.arrange).click();
  await button(visitor, say.home.hide('Power')).click();
  await button(visitor, say.common.cancel).click();
  await inOrder(cards, NAMES);
  await button(visitor, say.home.arrange).click();
  await inOrder(places, NAMES);
  await button(visitor, say.home.done).click();
  await inOrder(cards, NAMES);
  assert.equal(orders(), 0);

  // A room whose cards somebody else has hidden says so.
  const { widgets } = await house.rest.device(lamp.id);
  const widget_orders = widgets.map(({ widget_id }, order) => ({ widget_id, order, status: 'exclude' }));
  await house.rest.expect(200, 'POST', `/api/rooms/${roomId}/widgets/order`, { widget_orders });
  await visitor.pass();
  await visitor.page.getByText(say.home.emptyHidden('6')).waitFor();
});
