import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { messages as say } from '../../web/i18n/en.ts';
import { browserTest } from '../helpers/browser.ts';
import { register, registration } from '../helpers/devices.ts';
import { EVERYTHING, Lamp } from '../helpers/lamp.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

const words = say.devices;

browserTest(
  'a device enrols, is paired, shows its cards, and its history is taken away as CSV',
  async (house) => {
    const roomId = await house.room('Living room');
    const visitor = await house.visit({ clock: true });
    const { page } = visitor;
    const dialog = page.getByRole('dialog');
    await visitor.logIn();
    await visitor.heading('Living room').waitFor();

    // The token on the screen lets a device in, and the page tells when it has come.
    await page.goto(`${visitor.origin}/#/devices/+`);
    await dialog.getByRole('button', { name: words.enrol.submit }).click();
    await dialog.getByRole('img', { name: words.enrol.qrLabel }).waitFor();
    const token = await until('the token is shown', async () => {
      const codes = await dialog.locator('code').allTextContents();
      return codes.find((code) => /^[\w-]{40,}$/.test(code));
    });
    const first = await Wire.tcp(house.server.ports.mqtt);
    await first.connect({ clientId: 'lamp', username: 'lamp', password: token });
    const { device_secret: secret = '' } = await register(first, 'lamp', registration('lamp', EVERYTHING));
    await first.disconnect();
    const lamp = await Lamp.of(house.server, house.rest, 'lamp', secret);
    house.keep(lamp);
    await visitor.pass();
    await dialog.getByText('Device lamp').first().waitFor();
    await dialog.getByRole('button', { name: words.enrol.done, exact: true }).click();

    await page.getByRole('button', { name: words.pairName('Device lamp') }).click();
    await dialog.getByLabel(words.pairing.room, { exact: true }).selectOption(String(roomId));
    await dialog.getByRole('button', { name: words.pairing.submit, exact: true }).click();

    // Its widgets are ticked ready, and shown with one call.
    await dialog.getByRole('button', { name: words.pairing.show }).waitFor();
    assert.equal(await dialog.getByRole('checkbox', { checked: true }).count(), EVERYTHING.length);
    await dialog.getByRole('button', { name: words.pairing.show }).click();
    await dialog.getByRole('link').click();
    await page
      .locator('li.card')
      .nth(EVERYTHING.length - 1)
      .waitFor();
    assert.equal(visitor.count(`POST /api/rooms/${roomId}/widgets/order`), 1);

    // Its history, from the card.
    const { widget_id: id, name } = await lamp.widget('temperature');
    for (const value of [20.5, 21, 22.5]) await lamp.report('temperature', value);
    await visitor.pass();
    await visitor.card(id).getByText('22.5').waitFor();
    await visitor.card(id).getByRole('link').click();
    await visitor.heading(name).waitFor();
    await page.locator('canvas').first().waitFor();
    await page.getByRole('cell', { name: '22.5' }).first().waitFor();
    await page.getByRole('button', { name: say.widget.download }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: say.widget.start, exact: true }).click(),
    ]);
    assert.match(download.suggestedFilename(), /\.csv$/);
    const csv = await readFile(await download.path(), 'utf8');
    assert.deepEqual(
      csv
        .trim()
        .split(/\r?\n/)
        .map((line) => line.split(',').at(-1)),
      ['value', '20.5', '21', '22.5'],
    );
    await dialog.getByRole('button', { name: say.common.cancel }).click();

    // And the end of the day.
    await page.goto(`${visitor.origin}/#/account`);
    await page.getByRole('button', { name: say.account.logOut }).click();
    await visitor.heading(say.login.title).waitFor();
  },
);

browserTest('what a device got wrong is told in words, and deleting names what is lost', async (house) => {
  const lamp = await house.lamp('lamp');
  await lamp.report('temperature', 20);
  await lamp.send('{"capability_type":"temperature"}');
  const visitor = await house.visit();
  const { page } = visitor;
  await visitor.logIn();
  // The log-in has a heading of this level as well, and leads here when it is through.
  await visitor.heading(say.home.title).waitFor();
  await page.goto(`${visitor.origin}/#/devices/lamp`);
  await page.getByText(words.error.help.INVALID_PAYLOAD).waitFor();
  await page.getByRole('button', { name: words.actions.remove, exact: true }).click();
  const dialog = page.getByRole('dialog');
  // Its page may ask once more for what is gone.
  visitor.allow(/status of 404/);
  await dialog.getByText(words.removeDialog.readings('1')).waitFor();
  await dialog.getByLabel(words.removeDialog.sure).check();
  await dialog.getByRole('button', { name: words.removeDialog.submit }).click();
  await visitor.heading(words.title).waitFor();
  await house.rest.expect(404, 'GET', '/api/devices/lamp');
});
