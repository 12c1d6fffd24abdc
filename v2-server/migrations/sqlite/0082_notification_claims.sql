-- The server that makes the deliveries of a configuration: when that one is gone, another may.
ALTER TABLE notification_configurations ADD COLUMN claimed_by TEXT;
CREATE INDEX notification_configurations_claimed ON notification_configurations (claimed_by) WHERE claimed_by IS NOT NULL;
