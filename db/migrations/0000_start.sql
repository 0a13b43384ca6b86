CREATE TABLE "capabilities" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "capabilities_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"device_pk" integer NOT NULL,
	"capability_type" text NOT NULL,
	"control_type" text NOT NULL,
	"min" double precision,
	"max" double precision,
	"unit" text,
	"options" jsonb,
	CONSTRAINT "capabilities_identity" UNIQUE("device_pk","capability_type","control_type")
);
--> statement-breakpoint
CREATE TABLE "commands" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "commands_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"correlation_id" text NOT NULL,
	"widget_id" integer NOT NULL,
	"device_pk" integer NOT NULL,
	"value" jsonb NOT NULL,
	"status" text NOT NULL,
	"requested_by" text NOT NULL,
	"created_at" timestamp (6) with time zone NOT NULL,
	"sent_at" timestamp (6) with time zone,
	"finished_at" timestamp (6) with time zone,
	"result_value" jsonb,
	"error" text,
	"late_result" jsonb,
	CONSTRAINT "commands_correlation_id_unique" UNIQUE("correlation_id")
);
--> statement-breakpoint
CREATE TABLE "devices" (
	"pk" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "devices_pk_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"device_id" text NOT NULL,
	"name" text NOT NULL,
	"type" text NOT NULL,
	"version" text,
	"manufacturer" text,
	"room_id" integer,
	"secret_hash" text,
	"secret_used_at" timestamp (6) with time zone,
	"enrollment_id" integer,
	"reenroll_allowed" boolean DEFAULT false NOT NULL,
	"revoked_at" timestamp (6) with time zone,
	"last_heartbeat" timestamp (6) with time zone,
	"last_error" jsonb,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "devices_device_id_unique" UNIQUE("device_id")
);
--> statement-breakpoint
CREATE TABLE "enrollments" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "enrollments_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"token_hash" text NOT NULL,
	"max_uses" integer,
	"uses" integer DEFAULT 0 NOT NULL,
	"expires_at" timestamp (6) with time zone NOT NULL,
	"room_id" integer,
	"created_by" text NOT NULL,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "enrollments_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (6) with time zone NOT NULL,
	"kind" text NOT NULL,
	"actor" text NOT NULL,
	"device_id" text,
	"room_id" integer,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "purges" (
	"widget_id" integer PRIMARY KEY NOT NULL,
	"requested_at" timestamp (6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "readings" (
	"at" timestamp(6) with time zone NOT NULL,
	"num" double precision,
	"seq" bigint DEFAULT 0 NOT NULL,
	"widget_id" integer NOT NULL,
	"kind" smallint NOT NULL,
	"txt" text,
	CONSTRAINT "readings_widget_id_at_seq_pk" PRIMARY KEY("widget_id","at","seq")
);
--> statement-breakpoint
CREATE TABLE "rooms" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rooms_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rooms_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "user_rooms" (
	"user_id" integer NOT NULL,
	"room_id" integer NOT NULL,
	CONSTRAINT "user_rooms_user_id_room_id_pk" PRIMARY KEY("user_id","room_id")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "users_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"username" text NOT NULL,
	"name" text,
	"password_hash" text NOT NULL,
	"role" text NOT NULL,
	"acl" jsonb DEFAULT '{"publish":[],"subscribe":[]}'::jsonb NOT NULL,
	"token_version" integer DEFAULT 0 NOT NULL,
	"kept_token" text,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_username_unique" UNIQUE("username")
);
--> statement-breakpoint
CREATE TABLE "widgets" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "widgets_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"device_pk" integer NOT NULL,
	"capability_id" integer NOT NULL,
	"name" text NOT NULL,
	"sort_order" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	CONSTRAINT "widgets_capability_id_unique" UNIQUE("capability_id")
);
--> statement-breakpoint
ALTER TABLE "capabilities" ADD CONSTRAINT "capabilities_device_pk_devices_pk_fk" FOREIGN KEY ("device_pk") REFERENCES "public"."devices"("pk") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commands" ADD CONSTRAINT "commands_widget_id_widgets_id_fk" FOREIGN KEY ("widget_id") REFERENCES "public"."widgets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commands" ADD CONSTRAINT "commands_device_pk_devices_pk_fk" FOREIGN KEY ("device_pk") REFERENCES "public"."devices"("pk") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "devices" ADD CONSTRAINT "devices_room_id_rooms_id_fk" FOREIGN KEY ("room_id") REFERENCES "public"."rooms"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "devices" ADD CONSTRAINT "devices_enrollment_id_enrollments_id_fk" FOREIGN KEY ("enrollment_id") REFERENCES "public"."enrollments"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enrollments" ADD CONSTRAINT "enrollments_room_id_rooms_id_fk" FOREIGN KEY ("room_id") REFERENCES "public"."rooms"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_rooms" ADD CONSTRAINT "user_rooms_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_rooms" ADD CONSTRAINT "user_rooms_room_id_rooms_id_fk" FOREIGN KEY ("room_id") REFERENCES "public"."rooms"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "widgets" ADD CONSTRAINT "widgets_device_pk_devices_pk_fk" FOREIGN KEY ("device_pk") REFERENCES "public"."devices"("pk") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "widgets" ADD CONSTRAINT "widgets_capability_id_capabilities_id_fk" FOREIGN KEY ("capability_id") REFERENCES "public"."capabilities"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "commands_open" ON "commands" USING btree ("id") WHERE "commands"."status" in ('queued', 'sent');--> statement-breakpoint
CREATE INDEX "commands_widget" ON "commands" USING btree ("widget_id");--> statement-breakpoint
CREATE INDEX "commands_device" ON "commands" USING btree ("device_pk");--> statement-breakpoint
CREATE INDEX "devices_room" ON "devices" USING btree ("room_id");--> statement-breakpoint
CREATE INDEX "events_device" ON "events" USING btree ("device_id","id");--> statement-breakpoint
CREATE INDEX "widgets_device" ON "widgets" USING btree ("device_pk");