import assert from 'node:assert/strict';
import { messages as say } from '../../web/i18n/en.ts';
import { browserTest } from '../helpers/browser.ts';
import { until } from '../helpers/wait.ts';

const CHOSEN = 'words that belong to me';

browserTest(
  'from the first start to the first card that is used',
  async (house) => {
    const { server, rest } = house;
    const printed = () => /Log in as admin with the password: (\S+)/.exec(server.errors)?.[1];
    const password = await until('a password is printed', printed);
    const visitor = await house.visit({ clock: true });
    const { page } = visitor;
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    const field = (name: string) => page.getByLabel(name, { exact: true });

    // A password that is wrong is told to be.
    visitor.allow(/status of 401/);
    await visitor.heading(say.login.title).waitFor();
    await visitor.logIn({ username: 'admin', password: 'not this one' });
    await page.getByRole('alert').getByText(say.failures.UNAUTHORIZED).waitFor();
    await visitor.logIn({ username: 'admin', password });

    // Nothing else can be done before there is a password of one's own.
    await visitor.heading(say.password.forced).waitFor();
    assert.equal(await page.getByRole('navigation').count(), 0);
    await page.reload();
    await visitor.heading(say.password.forced).waitFor();
    await field(say.password.current).fill(password);
    await field(say.password.next).fill(CHOSEN);
    await field(say.password.again).fill('something else');
    await button(say.password.submit).click();
    await page.getByRole('alert').getByText(say.password.differ).waitFor();
    assert.equal(visitor.count('PUT /api/auth/password'), 0);
    await field(say.password.again).fill(CHOSEN);
    await button(say.password.submit).click();

    // A house without rooms says what to do.
    await visitor.heading(say.home.title).waitFor();
    await page.getByText(say.home.noRoomsAdmin).waitFor();
    await field(say.common.name).fill('Living room');
    await button(say.home.makeRoom).click();
    await visitor.heading('Living room').waitFor();
    await page.getByText(say.home.emptyAdmin).waitFor();

    // A device appears within a poll, and its cards are chosen.
    await rest.logIn({ username: 'admin', password: CHOSEN });
    const { rooms } = await rest.expect<{ rooms: { id: number }[] }>(200, 'GET', '/api/rooms');
    const lamp = await house.lamp('lamp');
    await lamp.pair(rooms[0]?.id ?? 0);
    const { widget_id: id, name } = await lamp.widget('power');
    await visitor.pass();
    await page.getByText(say.home.emptyHidden('6')).waitFor();
    await button(say.home.arrange).click();
    await button(say.home.show(name)).click();
    await button(say.home.done).click();
    await visitor.card(id).waitFor();
    assert.equal(await page.locator('li.card').count(), 1);

    // And it is used.
    const toggle = visitor.card(id).getByRole('switch');
    await toggle.click();
    await visitor.card(id).getByRole('switch', { checked: true }).waitFor();
    await until('the device has it', () => lamp.commands.length === 1);
    assert.deepEqual(lamp.commands, [{ type: 'power', value: 'ON' }]);
    await visitor.confirmed(id).waitFor();
    assert.equal((await lamp.widget('power')).value, 'ON');
  },
  { firstRun: true, fresh: true, env: { ADMIN_PASSWORD: '' } },
);
