import { messages as say } from '../../web/i18n/en.ts';
import { messages as thai } from '../../web/i18n/th.ts';
import { browserTest, checkAccess, type VisitOptions, type Visitor } from '../helpers/browser.ts';

interface Place {
  hash: string;
  /** Is there once the page is. */
  heading: string;
}

const PLACES: Place[] = [
  { hash: '#/', heading: 'Living room' },
  { hash: '#/widgets/6', heading: 'Temperature' },
  { hash: '#/devices', heading: say.devices.title },
  { hash: '#/devices/lamp', heading: 'Device lamp' },
  { hash: '#/rooms', heading: say.rooms.title },
  { hash: '#/users', heading: say.users.title },
  { hash: '#/events', heading: say.events.title },
  { hash: '#/system', heading: say.system.title },
  { hash: '#/account', heading: say.account.title },
  { hash: '#/nowhere', heading: say.common.nothingHere },
];

const WAYS: [string, VisitOptions][] = [
  ['a desktop, light', { colorScheme: 'light' }],
  ['a phone, dark', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
];

async function checkHome(visitor: Visitor, way: string): Promise<void> {
  const { page } = visitor;
  await page.goto(`${visitor.origin}/#/`);
  await page.getByRole('button', { name: say.home.arrange }).click();
  await page.locator('ul.arrange li').first().waitFor();
  await checkAccess(page, `arranging, ${way}`);
  await page.getByRole('button', { name: say.common.cancel }).click();
}

for (const [way, options] of WAYS) {
  browserTest(`nothing keeps anybody from using the app: ${way}`, async (house) => {
    const roomId = await house.room('Living room');
    await house.room('Kitchen');
    const lamp = await house.lamp('lamp', roomId);
    await lamp.report('temperature', 21.5);
    const gone = await house.lamp('gone', undefined, [{ capability_type: 'power', control_type: 'toggle' }]);
    await gone.pair(roomId);
    const all = [...(await house.rest.device('lamp')).widgets, ...(await house.rest.device('gone')).widgets];
    const widget_orders = all.map(({ widget_id }, order) => ({ widget_id, order, status: 'include' }));
    await house.rest.expect(200, 'POST', `/api/rooms/${roomId}/widgets/order`, { widget_orders });
    await gone.leave();

    const visitor = await house.visit({ ...options, bypassCSP: true });
    const { page } = visitor;
    await visitor.heading(say.login.title).waitFor();
    await checkAccess(page, `at the door, ${way}`);
    await visitor.logIn();
    const power = (await lamp.widget('power')).widget_id;
    await visitor.card(power).waitFor();
    // A card that tells of a fault, and one that waits.
    lamp.manner = 'reject';
    await visitor.card(power).getByRole('switch').click();
    await visitor.card(power).locator('.fault').waitFor();
    const queued = (await gone.widget('power')).widget_id;
    await visitor.card(queued).getByRole('switch').click();
    await visitor.card(queued).getByText(say.card.waiting.queued).waitFor();
    for (const { hash, heading } of PLACES) {
      await page.goto(`${visitor.origin}/${hash}`);
      await visitor.heading(heading).waitFor();
      await checkAccess(page, `${hash}, ${way}`);
    }
    await checkHome(visitor, way);
  });
}

browserTest('nothing keeps anybody from using the app in Thai', async (house) => {
  const visitor = await house.visit({ locale: 'th-TH', bypassCSP: true });
  await visitor.heading(thai.login.title).waitFor();
  await checkAccess(visitor.page, 'at the door, in Thai');
  await visitor.page.getByLabel(thai.login.username, { exact: true }).fill('admin');
  await visitor.page.getByLabel(thai.login.password, { exact: true }).fill('a-long-test-password');
  await visitor.page.getByRole('button', { name: thai.login.submit }).click();
  await visitor.heading(thai.home.title).waitFor();
  await checkAccess(visitor.page, 'an empty house, in Thai');
});
