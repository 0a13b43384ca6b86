import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `npm run web` serves sources; what is asked of the server itself goes to a server that runs on this machine. */
const SERVER = process.env.PM_IOT_URL ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative addresses: a proxy may put the app under a path of its own.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../dist/app', import.meta.url)),
    emptyOutDir: true,
    target: ['chrome111', 'edge111', 'firefox114', 'safari16.4'],
    // What the policy of content allows comes from a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        app: fileURLToPath(new URL('index.html', import.meta.url)),
        sw: fileURLToPath(new URL('sw.ts', import.meta.url)),
      },
      output: {
        // The service worker keeps its name: a browser asks for it again under the same one.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: { proxy: { '/api': SERVER } },
});
