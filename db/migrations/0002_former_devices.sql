CREATE TABLE "former_devices" (
	"device_id" text PRIMARY KEY NOT NULL,
	"credentials_since" timestamp (6) with time zone NOT NULL
);
