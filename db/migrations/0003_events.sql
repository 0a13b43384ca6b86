DROP INDEX "events_device";--> statement-breakpoint
CREATE INDEX "events_by_time" ON "events" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "events_by_device" ON "events" USING btree ("device_id","at","id");--> statement-breakpoint
CREATE INDEX "events_by_room" ON "events" USING btree ("room_id","at","id");--> statement-breakpoint
CREATE INDEX "events_by_actor" ON "events" USING btree ("actor","at","id");--> statement-breakpoint
CREATE INDEX "events_by_kind" ON "events" USING btree ("kind","at","id");