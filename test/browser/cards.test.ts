import assert from 'node:assert/strict';
import { messages as say } from '../../web/i18n/en.ts';
import { browserTest, type House, type Visitor } from '../helpers/browser.ts';
import type { Lamp } from '../helpers/lamp.ts';
import { until } from '../helpers/wait.ts';

interface Scene {
  visitor: Visitor;
  lamp: Lamp;
  /** The id of its widget. */
  id(type: string): Promise<number>;
}

async function scene(house: House): Promise<Scene> {
  const roomId = await house.room('Living room');
  const lamp = await house.lamp('lamp', roomId);
  const visitor = await house.visit({ clock: true });
  await visitor.logIn();
  const id = async (type: string) => (await lamp.widget(type)).widget_id;
  await visitor.card(await id('power')).waitFor();
  return { visitor, lamp, id };
}

browserTest(
  'a toggle is obeyed, refused, and told that nobody answers',
  async (house) => {
    const { visitor, lamp, id } = await scene(house);
    const power = await id('power');
    const card = visitor.card(power);
    const toggle = (checked: boolean) => card.getByRole('switch', { checked });

    await toggle(false).click();
    await toggle(true).waitFor();
    await visitor.confirmed(power).waitFor();
    assert.equal(await card.locator('.fault').count(), 0);

    lamp.manner = 'reject';
    await toggle(true).click();
    await card.getByText(say.card.fault.rejectedWith(lamp.reason)).waitFor();
    await toggle(true).waitFor();
    assert.equal(await toggle(false).count(), 0);
    // It is said until somebody has read it.
    await visitor.pass();
    await until('it is asked again', () => visitor.count('GET /api/rooms') > 2);
    await card.getByRole('button', { name: say.card.dismiss }).click();
    await card.locator('.fault').waitFor({ state: 'detached' });

    lamp.manner = 'silent';
    await toggle(true).click();
    await card.getByText(say.card.waiting.sending).waitFor();
    await toggle(false).waitFor();
    await card.getByText(say.card.fault.timed_out).waitFor();
    await toggle(true).waitFor();

    // Its next command takes the place of what was said.
    lamp.manner = 'obey';
    await toggle(true).click();
    await toggle(false).waitFor();
    await card.locator('.fault').waitFor({ state: 'detached' });
    await visitor.confirmed(power).waitFor();
    assert.equal((await lamp.widget('power')).value, 'OFF');
  },
  { env: { COMMAND_TIMEOUT: '1s' } },
);

browserTest('a command to a device that is away is said to wait, and obeyed on its return', async (house) => {
  const { visitor, lamp, id } = await scene(house);
  const power = await id('power');
  const card = visitor.card(power);
  await lamp.leave();
  await visitor.pass();
  await card.getByText(say.card.neverOffline).waitFor();

  await card.getByRole('switch', { checked: false }).click();
  await card.getByText(say.card.waiting.queued).waitFor();
  await card.getByRole('switch', { checked: true }).waitFor();
  // Another visit shows it as well, though it has not asked for it.
  await visitor.page.reload();
  await card.getByText(say.card.waiting.queued).waitFor();
  await card.getByRole('switch', { checked: true }).waitFor();
  assert.deepEqual(lamp.commands, []);

  await lamp.comeBack();
  await until('the device has it', () => lamp.commands.length === 1);
  await visitor.pass();
  await visitor.confirmed(power).waitFor();
  await card.getByRole('switch', { checked: true }).waitFor();
  await visitor.page.locator('li.card.is-offline').waitFor({ state: 'detached' });
  assert.deepEqual(lamp.commands, [{ type: 'power', value: 'ON' }]);
});

browserTest('a slider asks once, when it is let go', async (house) => {
  const { visitor, lamp, id } = await scene(house);
  const brightness = await id('brightness');
  const card = visitor.card(brightness);
  const slider = card.getByRole('slider');
  const sent = () => visitor.count(`POST /api/widgets/${brightness}/command`);
  const box = await slider.boundingBox();
  assert.ok(box);
  const { mouse } = visitor.page;
  const y = box.y + box.height / 2;
  await mouse.move(box.x + box.width * 0.1, y);
  await mouse.down();
  for (let step = 2; step <= 8; step += 1) await mouse.move(box.x + (box.width * step) / 10, y);
  const shown = Number((await card.locator('output').textContent())?.replace('%', ''));
  assert.ok(shown > 70 && shown < 90, String(shown));
  // While it is held nothing is sent, and no poll moves it.
  await visitor.pass();
  await until('it is asked again', () => visitor.count('GET /api/rooms') > 1);
  assert.equal(sent(), 0);
  assert.equal(await slider.inputValue(), String(shown));
  await mouse.up();
  await until('the device has it', () => lamp.commands.length > 0);
  await visitor.confirmed(brightness).waitFor();
  assert.deepEqual(lamp.commands, [{ type: 'brightness', value: shown }]);
  assert.equal(sent(), 1);

  await slider.press('ArrowRight');
  await until('the device has it', () => lamp.commands.length > 1);
  await visitor.confirmed(brightness).waitFor();
  assert.deepEqual(lamp.commands.at(-1), { type: 'brightness', value: shown + 1 });
  assert.equal(sent(), 2);
});

browserTest('modes, texts and buttons are sent, and readings come in', async (house) => {
  const { visitor, lamp, id } = await scene(house);
  const [mode, message, chime, temperature] = await Promise.all(
    ['mode', 'message', 'chime', 'temperature'].map(id),
  );
  assert.ok(mode && message && chime && temperature);
  const taken = (type: string, value: unknown) =>
    until('the device has it', () => {
      const last = lamp.commands.at(-1);
      return last?.type === type && last.value === value;
    });

  await visitor.card(mode).getByRole('button', { name: 'heat' }).click();
  await taken('mode', 'heat');
  await visitor.card(mode).getByRole('button', { name: 'heat', pressed: true }).waitFor();

  const field = visitor.card(message).getByRole('textbox');
  await field.fill('สวัสดี <b>hello</b>');
  await field.press('Enter');
  await taken('message', 'สวัสดี <b>hello</b>');
  await visitor.confirmed(message).waitFor();
  assert.equal(await field.inputValue(), 'สวัสดี <b>hello</b>');

  await visitor.card(chime).getByRole('button', { name: say.card.press }).click();
  await visitor.card(chime).getByText(say.card.done).waitFor();
  await taken('chime', 'PRESS');

  await visitor.card(temperature).getByText(say.card.never).waitFor();
  await lamp.report('temperature', 21.5);
  await visitor.pass();
  await visitor.card(temperature).getByText('21.5 °C').waitFor();
});

browserTest('quick presses end at the last one', async (house) => {
  const { visitor, lamp, id } = await scene(house);
  const power = await id('power');
  const toggle = visitor.card(power).getByRole('switch');
  for (let press = 0; press < 5; press += 1) await toggle.click();
  await visitor.card(power).getByRole('switch', { checked: true }).waitFor();
  await until('the device has it', () => lamp.commands.length > 0);
  await visitor.confirmed(power).waitFor();
  assert.equal(lamp.commands.at(-1)?.value, 'ON');
  assert.equal((await lamp.widget('power')).value, 'ON');
  await visitor.card(power).getByRole('switch', { checked: true }).waitFor();
});
