// Installs and builds what changed, before `npm start`, `npm test` and the tools. Only Node and npm are needed.

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || major === 21 || (major === 20 && minor < 19) || (major === 22 && minor < 12)) {
  console.error(
    `set-up: Node ${process.versions.node} does not do: PM IoT needs Node 20.19, or 22.12 or newer (https://nodejs.org)`,
  );
  process.exit(1);
}

// Imported only now, so that an old Node tells the line above instead of a syntax error.
const { setUp, SetUpError } = await import('./setup/set-up.mjs');

try {
  await setUp(new URL('..', import.meta.url));
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`set-up: ${error.message}`);
  process.exitCode = 1;
}
