// PM_IOT_PASSWORD=… node web/client/example.ts    (Node 22.18 or newer; PM_IOT_URL and PM_IOT_USERNAME if they differ)
import { createClient } from './index.ts';

const { PM_IOT_URL: baseUrl = 'http://localhost:3000', PM_IOT_USERNAME: username = 'admin' } = process.env;
const password = process.env.PM_IOT_PASSWORD ?? '';

let token: string | null = null;
const client = createClient({ baseUrl, token: () => token });
token = (await client.call('POST /api/auth/login', { body: { username, password } })).token;

let toggled = false;
for await (const { rooms } of client.pages('GET /api/rooms')) {
  for (const room of rooms) {
    console.log(room.name);
    const { widgets } = await client.call('GET /api/rooms/{id}/widgets', { params: { id: room.id } });
    for (const { widget_id: id, name, value, unit, capability } of widgets) {
      console.log(`  ${name}: ${value ?? 'nothing yet'} ${unit ?? ''}`.trimEnd());
      if (toggled || capability.control_type !== 'toggle') continue;
      toggled = true;
      const body = { value: value === 'ON' ? 'OFF' : 'ON' };
      const { command } = await client.call('POST /api/widgets/{id}/command', { params: { id }, body });
      console.log(`    ${body.value}: ${command.status}`);
    }
  }
}
