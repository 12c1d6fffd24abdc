-- Events as clients get them, beside the columns they are looked up by: most are read as they are.
ALTER TABLE events ADD COLUMN document TEXT NOT NULL DEFAULT '';
UPDATE events SET document = json_object(
    'event_id', event_id,
    'created_at', created_at,
    'event', json_object(
        'source', json_patch('{}', json_object(
            'service_name', service_name, 'host_id', host_id, 'base_url', base_url, 'request_id', request_id)),
        'resource', json_patch('{}', json_object(
            'account_name', account_name, 'id', resource_id, 'type', resource_type)),
        'type', type,
        'category', category,
        'level', level,
        'message', message,
        'details', json(details),
        'timestamp', created_at));
ALTER TABLE events DROP COLUMN category;
ALTER TABLE events DROP COLUMN message;
ALTER TABLE events DROP COLUMN details;
ALTER TABLE events DROP COLUMN base_url;
ALTER TABLE events DROP COLUMN request_id;
