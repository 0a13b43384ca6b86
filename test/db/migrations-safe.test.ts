import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrationsFolder } from '../../db/built-at.ts';
import { unsafeStatements } from '../helpers/migration-rules.ts';

/** Before it there were no nodes, and a database had one version at a time. */
const FIRST = '0006';

const folder = migrationsFolder();
const migrations = readdirSync(folder).filter((name) => name.endsWith('.sql') && name.slice(0, 4) >= FIRST);

void test('there is something to be looked at', () => assert.ok(migrations.length > 0));

for (const name of migrations) {
  void test(`${name} can be borne by the version before it`, () => {
    assert.deepEqual(unsafeStatements(readFileSync(join(folder, name), 'utf8')), []);
  });
}

const SAFE = [
  'CREATE TABLE "floors" ("id" integer PRIMARY KEY NOT NULL, "name" text NOT NULL)',
  'CREATE TABLE "floors" ("id" integer);\n--> statement-breakpoint\nALTER TABLE "floors" ADD CONSTRAINT "f" FOREIGN KEY ("id") REFERENCES "public"."rooms"("id")',
  'CREATE TABLE "floors" ("id" integer);\n--> statement-breakpoint\nCREATE UNIQUE INDEX "f" ON "floors" USING btree ("id")',
  'CREATE TABLE "floors" ("id" integer);\n--> statement-breakpoint\nINSERT INTO "floors" VALUES (1)',
  'ALTER TABLE "rooms" ADD COLUMN "floor" integer',
  'ALTER TABLE "rooms" ADD COLUMN "floor" integer DEFAULT 0 NOT NULL',
  'ALTER TABLE "rooms" ADD COLUMN "a" text, ADD COLUMN "b" numeric(8, 2) DEFAULT 0 NOT NULL',
  'CREATE INDEX "rooms_floor" ON "rooms" USING btree ("floor")',
  '-- Drops nothing; DROP TABLE is only spoken of.\nALTER TABLE "rooms" ADD COLUMN "note" text DEFAULT \'; DROP TABLE rooms\'',
  '-- contract: nothing uses it since 0.4.0\nALTER TABLE "rooms" DROP COLUMN "floor"',
];

const UNSAFE: [string, RegExp][] = [
  ['DROP TABLE "rooms"', /only tables, columns and indexes/],
  ['DROP INDEX "rooms_floor"', /only tables/],
  ['ALTER TABLE "rooms" DROP COLUMN "floor"', /only columns are added/],
  ['alter table rooms drop column floor', /only columns are added/],
  ['ALTER TABLE "rooms" ADD COLUMN "a" text, DROP COLUMN "b"', /only columns are added/],
  ['ALTER TABLE "rooms" RENAME TO "halls"', /only columns are added/],
  ['ALTER TABLE "rooms" RENAME COLUMN "name" TO "title"', /only columns are added/],
  ['ALTER TABLE "rooms" ALTER COLUMN "name" SET DATA TYPE varchar(10)', /only columns are added/],
  ['ALTER TABLE "rooms" ALTER COLUMN "name" SET NOT NULL', /only columns are added/],
  ['ALTER TABLE "rooms" ALTER COLUMN "name" DROP DEFAULT', /only columns are added/],
  ['ALTER TABLE "rooms" ADD CONSTRAINT "r" UNIQUE("name")', /only columns are added/],
  ['ALTER TABLE "rooms" ADD CONSTRAINT "r" CHECK (length("name") < 10)', /only columns are added/],
  ['ALTER TABLE "rooms" ADD COLUMN "floor" integer NOT NULL', /no DEFAULT/],
  ['ALTER TABLE "rooms" ADD COLUMN "code" text UNIQUE', /demands/],
  ['CREATE UNIQUE INDEX "r" ON "rooms" USING btree ("name")', /unique index/],
  ['INSERT INTO "rooms" ("name") VALUES (\'Hall\')', /new tables alone/],
  ['UPDATE "rooms" SET "name" = upper("name")', /only tables/],
  ['DELETE FROM "rooms"', /only tables/],
  ['TRUNCATE "rooms"', /only tables/],
  ['ALTER TYPE "role" ADD VALUE \'GUEST\'', /only tables/],
  ["DO $$ BEGIN EXECUTE 'DROP TABLE rooms'; END $$", /only tables/],
  ['CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql', /only tables/],
  // A word without a version, and one for two statements at once.
  ['-- contract: nobody needs it\nDROP TABLE "rooms"', /only tables/],
  ['-- contract: nothing uses it since 0.4.0\nDROP TABLE "rooms"; DROP TABLE "widgets"', /only tables/],
];

void test('what only adds is let through, and what a later version takes away with a word of it', () => {
  for (const sql of SAFE) assert.deepEqual(unsafeStatements(sql), [], sql);
});

void test('what an older version might not bear is refused', () => {
  for (const [sql, why] of UNSAFE) {
    const [first] = unsafeStatements(sql);
    assert.ok(first, sql);
    assert.match(first.why, why, sql);
  }
});
