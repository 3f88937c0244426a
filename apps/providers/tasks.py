from apps.core.tasks import nudge, task
from apps.providers import fetching, syncing


@task("providers.run", time_limit=300)
def run(*, job_id: int, **_: object) -> str:
    """Fetch the templates of one account."""
    job = fetching.run(job_id)
    nudge(look)  # those that the list left out are asked for one by one
    return job.state if job is not None else "taken"


@task("providers.fetch", time_limit=60)
def fetch(**_: object) -> int:
    """Once an hour: every account that was fetched before."""
    jobs = fetching.ask_all()
    for job in jobs:
        nudge(run, job_id=job.pk)
    return len(jobs)


@task("providers.look", time_limit=300)
def look(**_: object) -> int:
    """Ask about templates of which two reports disagree, and take up fetching that a lost nudge forgot."""
    for job_id in fetching.forgotten():
        nudge(run, job_id=job_id)
    return syncing.look()
