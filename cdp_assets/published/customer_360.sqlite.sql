-- One row per customer: the golden record with all addresses, segments and former ids. Lists are JSON text.
-- New columns go at the end: PostgreSQL can then replace the view under the views of others.
SELECT
    c.customer_id,
    c.first_name,
    c.middle_name,
    c.last_name,
    c.name_suffix,
    c.full_name,
    c.sex,
    c.date_of_birth,
    c.email,
    c.phone,
    c.street,
    c.city,
    c.region,
    c.postcode,
    c.country,
    c.company,
    c.job_title,
    c.is_known,
    c.may_email_marketing,
    c.records,
    c.sources,
    c.first_seen_at,
    c.last_seen_at,
    c.weakest_probability,
    (
        SELECT json_group_array(email)
        FROM (SELECT e.email FROM customer_emails AS e WHERE e.customer_id = c.customer_id ORDER BY e.rank, e.email)
    ) AS emails,
    (
        SELECT json_group_array(email)
        FROM (
            SELECT e.email
            FROM customer_emails AS e
            WHERE e.customer_id = c.customer_id AND e.is_sendable
            ORDER BY e.rank, e.email
        )
    ) AS sendable_emails,
    (
        SELECT json_group_array(phone)
        FROM (SELECT p.phone FROM customer_phones AS p WHERE p.customer_id = c.customer_id AND p.status <> 'retracted' ORDER BY p.rank, p.phone)
    ) AS phones,
    (
        SELECT json_group_array(segment)
        FROM (
            SELECT s.segment
            FROM segment_members AS s
            WHERE s.customer_id = c.customer_id AND s.is_included
            ORDER BY s.segment
        )
    ) AS segments,
    (
        SELECT json_group_array(segment)
        FROM (
            SELECT s.segment
            FROM segment_members AS s
            WHERE s.customer_id = c.customer_id AND s.membership = 'maybe'
            ORDER BY s.segment
        )
    ) AS segments_in_doubt,
    (
        SELECT json_group_array(customer_id)
        FROM (
            SELECT r.customer_id
            FROM resolved_ids AS r
            WHERE r.current_customer_id = c.customer_id AND r.customer_id <> c.customer_id
            ORDER BY r.customer_id
        )
    ) AS former_customer_ids,
    (SELECT h.publication_id FROM publications AS h WHERE h.is_current) AS publication_id,
    c.is_reachable_by_email,
    c.is_reachable_by_phone,
    c.is_reachable_by_post
FROM customers AS c
