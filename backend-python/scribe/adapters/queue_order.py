"""Who comes next: the statements that know the order of service.

Owns that order, in one place for claiming and for telling a user their place: higher priority first; then the user
with fewer meetings under way; then the one who was served longer ago; then first come, first served. So 50 uploads of
one user do not keep another user's single one waiting.
"""

from sqlalchemy import Double, Integer, Text, Uuid, bindparam, text

CLAIM = text("""
with busy as (
    select owner_id, count(*) as meetings from meetings where status = 'PROCESSING' group by owner_id
), next as (
    select m.id
    from meetings m join users u on u.id = m.owner_id left join busy b on b.owner_id = m.owner_id
    where m.status = 'PENDING' and m.next_attempt_at <= now() and m.cancel_requested_at is null
        and m.attempt < m.max_attempts
    order by m.priority desc, coalesce(b.meetings, 0), u.last_served_at nulls first, m.queued_at, m.id
    limit 1
    for update of m skip locked
), claimed as (
    update meetings m
    set status = 'PROCESSING', token = :token, worker_id = :worker_id, attempt = m.attempt + 1,
        lease_until = clock_timestamp() + make_interval(secs => :lease_s),
        started_at = coalesce(m.started_at, now()), version = m.version + 1, updated_at = now()
    from next where m.id = next.id
    returning m.*
), served as (
    update users set last_served_at = clock_timestamp()
    where id in (
        select id from users where id = (select owner_id from claimed) for no key update skip locked
    )
)
select * from claimed
""").bindparams(bindparam("token", type_=Uuid), bindparam("worker_id", type_=Text), bindparam("lease_s", type_=Double))
"""One statement, so that no meeting is claimed twice. It waits for no lock: a meeting that somebody else is claiming is
passed over, and a user's row that another claim is updating will say the same anyway."""

_PLACED = """
with busy as (
    select owner_id, count(*) as meetings from meetings where status = 'PROCESSING' group by owner_id
), waiting as (
    select m.id, m.owner_id, m.priority, m.queued_at, m.next_attempt_at > now() as is_later, m.next_attempt_at,
        u.last_served_at, coalesce(b.meetings, 0) as busy
    from meetings m join users u on u.id = m.owner_id left join busy b on b.owner_id = m.owner_id
    where m.status = 'PENDING' and m.cancel_requested_at is null and m.attempt < m.max_attempts
), numbered as (
    select *, row_number() over own - 1 as turn, first_value(queued_at) over own as head_queued_at,
        first_value(id) over own as head_id,
        busy + count(*) over (
            partition by owner_id, is_later order by priority desc groups between unbounded preceding and 1 preceding
        ) as before
    from waiting
    window own as (partition by owner_id, is_later, priority order by queued_at, id)
), placed as (
    select id, row_number() over (
        order by is_later, case when is_later then next_attempt_at end, priority desc, before + turn,
            before desc, before > busy, last_served_at nulls first, head_queued_at, head_id
    ) - 1 as place
    from numbered
)
"""
"""What claim after claim would take if none ended and none came: with each turn its user has one more under way, and
those who have waited for their first turn go before those who just had one. Exact within one priority; of users who
also wait in a higher one, the order of ties is not foreseen. What is not due yet comes last."""

PLACE = text(f"{_PLACED} select place from placed where id = :id").bindparams(bindparam("id", type_=Uuid))  # noqa: S608
ORDER = text(f"{_PLACED} select id from placed order by place limit :limit").bindparams(  # noqa: S608 -- both constant
    bindparam("limit", type_=Integer)
)

COUNTS = text("""
select status, count(*) as meetings, count(*) filter (where status = 'FAILED' and is_dead_letter) as dead_letters,
    greatest(0, extract(epoch from now() - min(queued_at)))::float8 as oldest_s
from meetings group by status
""")
