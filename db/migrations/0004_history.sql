CREATE TABLE "history_state" (
	"id" smallint PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"claimed_before" timestamp(6) with time zone NOT NULL,
	"rolled_before" timestamp(6) with time zone NOT NULL,
	"raw_from" timestamp(6) with time zone NOT NULL,
	"minutes_from" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "chunks" (
	"hour" timestamp(6) with time zone NOT NULL,
	"widget_id" integer NOT NULL,
	"count" integer NOT NULL,
	"part" smallint NOT NULL,
	"first_second" smallint NOT NULL,
	"last_second" smallint NOT NULL,
	"keys" "bytea" NOT NULL,
	"vals" "bytea" NOT NULL,
	CONSTRAINT "chunks_widget_id_hour_part_pk" PRIMARY KEY("widget_id","hour","part")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
CREATE TABLE "minute_rollups" (
	"hour" timestamp(6) with time zone NOT NULL,
	"widget_id" integer NOT NULL,
	"minutes" "bytea" NOT NULL,
	CONSTRAINT "minute_rollups_widget_id_hour_pk" PRIMARY KEY("widget_id","hour")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
CREATE TABLE "hour_rollups" (
	"hour" timestamp(6) with time zone NOT NULL,
	"widget_id" integer NOT NULL,
	"count" integer NOT NULL,
	"numbers" integer NOT NULL,
	"kind" smallint NOT NULL,
	"min" double precision,
	"max" double precision,
	"avg" double precision,
	"num" double precision,
	"txt" text,
	"states" jsonb,
	CONSTRAINT "hour_rollups_widget_id_hour_pk" PRIMARY KEY("widget_id","hour")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
CREATE TABLE "last_values" (
	"at" timestamp(6) with time zone NOT NULL,
	"num" double precision,
	"seq" bigint NOT NULL,
	"widget_id" integer PRIMARY KEY NOT NULL,
	"kind" smallint NOT NULL,
	"txt" text
);
--> statement-breakpoint
CREATE TABLE "late_hours" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "late_hours_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"hour" timestamp(6) with time zone NOT NULL,
	"widget_id" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "late_hours_widget" ON "late_hours" USING btree ("widget_id","hour");
--> statement-breakpoint
-- Packed columns are deflated already.
ALTER TABLE "chunks" ALTER COLUMN "keys" SET STORAGE EXTERNAL, ALTER COLUMN "vals" SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "minute_rollups" ALTER COLUMN "minutes" SET STORAGE EXTERNAL;
--> statement-breakpoint
INSERT INTO "history_state" VALUES (
	1,
	1,
	coalesce((SELECT date_trunc('hour', min("at"), 'UTC') FROM "readings"), date_trunc('hour', now(), 'UTC')),
	coalesce((SELECT date_trunc('hour', min("at"), 'UTC') FROM "readings"), date_trunc('hour', now(), 'UTC')),
	'1970-01-01 00:00:00+00',
	'1970-01-01 00:00:00+00'
);
--> statement-breakpoint
ALTER TABLE "readings" RENAME TO "readings_before";
--> statement-breakpoint
ALTER TABLE "readings_before" RENAME CONSTRAINT "readings_widget_id_at_seq_pk" TO "readings_before_pk";
--> statement-breakpoint
CREATE TABLE "readings" (
	"at" timestamp(6) with time zone NOT NULL,
	"num" double precision,
	"seq" bigint DEFAULT 0 NOT NULL,
	"widget_id" integer NOT NULL,
	"kind" smallint NOT NULL,
	"txt" text,
	CONSTRAINT "readings_widget_id_at_seq_pk" PRIMARY KEY("widget_id","at","seq")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
-- Readings of an earlier version, each day into its partition.
DO $$
DECLARE
	day timestamptz;
BEGIN
	FOR day IN SELECT DISTINCT date_trunc('day', "at", 'UTC') FROM "readings_before" ORDER BY 1 LOOP
		EXECUTE format('CREATE TABLE %I PARTITION OF "readings" FOR VALUES FROM (%L) TO (%L)',
			'readings_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD'), day, day + interval '24 hours');
	END LOOP;
END $$;
--> statement-breakpoint
INSERT INTO "readings" ("at", "num", "seq", "widget_id", "kind", "txt")
	SELECT "at", "num", "seq", "widget_id", "kind", "txt" FROM "readings_before";
--> statement-breakpoint
DROP TABLE "readings_before";
