import { defineConfig } from 'drizzle-kit';

// drizzle-kit generate: writes the SQL of a schema change to db/migrations, to be read and committed.
export default defineConfig({
  dialect: 'postgresql',
  schema: './dist/db/schema/index.js',
  out: './db/migrations',
});
