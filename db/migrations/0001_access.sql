CREATE TABLE "revoked_tokens" (
	"token_id" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp (6) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "reenroll_until" timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "credentials_since" timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "devices" DROP COLUMN "reenroll_allowed";
