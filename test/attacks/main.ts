import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { ALL, type Phase, runAttacks } from './run.ts';
import { verdict } from './verdict.ts';

const HONEST = 20;

/** Prints what each attack does to the acknowledgements of honest devices. */
const server = new Server();
try {
  await server.start();
  const rest = await new Rest(server).logIn();
  const measures: number[] = [];
  const line = ({ name, result, latencies, residentMiB }: Phase) => {
    const [p50, p99] = [latencies.at(0.5), latencies.at(0.99)];
    // The first two phases are what the others are measured by.
    if (measures.length < 2) measures.push(p99);
    const ratios = measures.map((measure) => `${(p99 / measure).toFixed(1)}×`);
    const figures = [
      p50.toFixed(1),
      p99.toFixed(1),
      ...ratios,
      ...Array(2 - ratios.length).fill(''),
      `${residentMiB} MiB`,
    ];
    const did = Object.entries(result).map(([what, count]) => `${count} ${what}`);
    console.log(`| ${[name, ...figures, did.join(', ')].join(' | ')} |`);
  };
  console.log('| attack | ack p50 ms | p99 ms | to quiet | to a busy neighbour | resident | what happened |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  const { phases, faults } = await runAttacks(server, rest, {
    ...{ scale: 1, honest: HONEST, attacks: ALL },
    onPhase: line,
  });
  faults.push(...(await verdict(server, rest, phases)));
  for (const fault of faults) console.error(fault);
  const metrics = (await rest.get<string>('/api/metrics')).body;
  console.log(
    `\n${metrics.match(/^pm_iot_limits_reached_total.* [1-9]\d*$/gm)?.join('\n') ?? 'no limit was met'}`,
  );
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await server.dispose();
}
