import assert from 'node:assert/strict';
import { messages as say } from '../../web/i18n/en.ts';
import { browserTest, type Visitor } from '../helpers/browser.ts';
import { until } from '../helpers/wait.ts';

const away = ({ page }: Visitor) => page.getByRole('status').filter({ hasText: say.shell.away });

browserTest('two people see within a poll what the other one does', async (house) => {
  const roomId = await house.room('Living room');
  const lamp = await house.lamp('lamp', roomId);
  const { widget_id: id } = await lamp.widget('power');
  const [one, two] = [await house.visit({ clock: true }), await house.visit({ clock: true })];
  for (const each of [one, two]) {
    await each.logIn();
    await each.card(id).getByRole('switch', { checked: false }).waitFor();
  }
  await one.card(id).getByRole('switch').click();
  await one.card(id).getByRole('switch', { checked: true }).waitFor();
  await one.confirmed(id).waitFor();
  await two.pass();
  await two.card(id).getByRole('switch', { checked: true }).waitFor();

  // What is still under way is shown to be, also to the other one.
  await lamp.leave();
  await two.pass();
  await two.page.locator('li.card.is-offline').first().waitFor();
  await two.card(id).getByRole('switch').click();
  await two.card(id).getByText(say.card.waiting.queued).waitFor();
  await one.pass();
  await one.card(id).getByText(say.card.waiting.queued).waitFor();
  await one.card(id).getByRole('switch', { checked: false }).waitFor();

  await one.page.getByRole('button', { name: say.home.arrange }).click();
  await one.page.getByRole('button', { name: say.home.hide('Mode') }).click();
  await one.page.getByRole('button', { name: say.home.done }).click();
  await two.pass();
  await two.page.getByRole('heading', { name: 'Mode' }).waitFor({ state: 'detached' });

  await house.room('Kitchen');
  await two.pass();
  await two.page.getByRole('link', { name: 'Kitchen' }).waitFor();
});

browserTest('a server that dies is said to be away, and the app goes on when it is back', async (house) => {
  const roomId = await house.room('Living room');
  const lamp = await house.lamp('lamp', roomId);
  const { widget_id: id } = await lamp.widget('power');
  const visitor = await house.visit({ clock: true });
  await visitor.logIn();
  const card = visitor.card(id);
  await card.getByRole('switch', { checked: false }).waitFor();
  await visitor.page.evaluate('window.sameAsBefore = true');

  visitor.allow(/ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE/);
  await house.crash();
  await visitor.pass();
  await away(visitor).waitFor();
  await card.getByRole('switch', { checked: false }).click();
  // A cut line tells nothing of the command: the last known value is shown, and said to be unsure.
  await card.getByText(say.card.fault.unknown).waitFor();
  await card.getByRole('switch', { checked: false }).waitFor();

  await house.restart();
  await lamp.comeBack();
  await visitor.pass();
  await away(visitor).waitFor({ state: 'detached' });
  await card.getByRole('switch', { checked: false }).click();
  await card.getByRole('switch', { checked: true }).waitFor();
  await visitor.confirmed(id).waitFor();
  await card.locator('.fault').waitFor({ state: 'detached' });
  await until('the device has it', () => lamp.commands.length === 1);
  assert.equal(await visitor.page.evaluate('window.sameAsBefore'), true, 'it was not loaded anew');
});

browserTest('a command that was on its way when the server died is followed after it', async (house) => {
  const roomId = await house.room('Living room');
  const lamp = await house.lamp('lamp', roomId);
  const { widget_id: id } = await lamp.widget('power');
  await lamp.leave();
  const visitor = await house.visit({ clock: true });
  await visitor.logIn();
  const card = visitor.card(id);
  await card.getByRole('switch', { checked: false }).click();
  await card.getByText(say.card.waiting.queued).waitFor();

  visitor.allow(/ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE/);
  await house.crash();
  await visitor.pass();
  await away(visitor).waitFor();
  await card.getByText(say.card.waiting.queued).waitFor();
  await house.restart();
  await lamp.comeBack();
  await until('it is obeyed', async () => (await lamp.widget('power')).pending === null);
  await visitor.pass();
  await visitor.confirmed(id).waitFor();
  await card.getByRole('switch', { checked: true }).waitFor();
  assert.equal(await card.locator('.fault').count(), 0);
  assert.deepEqual(lamp.commands, [{ type: 'power', value: 'ON' }]);
});
