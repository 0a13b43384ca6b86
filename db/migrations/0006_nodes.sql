CREATE TABLE "nodes" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"started_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	"heard_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	"identity" jsonb NOT NULL,
	"report" jsonb NOT NULL
);
