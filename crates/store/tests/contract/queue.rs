//! Jobs, and what is due.

use mainstay_domain::id::JobId;
use mainstay_domain::job::Job;
use mainstay_store::PageRequest;
use mainstay_store::due::{self, DueSubject};
use mainstay_store::job::{self, Enqueued};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    a_job_goes_through_its_life,
    a_job_is_leased_to_one_worker,
    a_job_that_waits_is_hastened,
    a_key_keeps_a_second_job_out,
    a_job_takes_the_place_of_the_one_with_its_key,
    the_queue_and_what_is_due_are_counted,
    two_who_hold_a_subject_come_one_after_the_other,
    a_lease_of_what_is_due_is_made_longer,
);

fn job(number: u32) -> Job {
    Job {
        id: given::id(number),
        kind: "send_mail".to_owned(),
        payload: r#"{"mail":1}"#.to_owned(),
        run_at: at(i64::from(number)),
        dedup_key: None,
        attempts: 0,
        last_error: None,
        dead_at: None,
        created_at: at(0),
    }
}

async fn a_job_takes_the_place_of_the_one_with_its_key(fresh: &Fresh) {
    let keyed = |number| Job {
        dedup_key: Some("mail 1".to_owned()),
        ..job(number)
    };
    let tx = fresh.store.begin().await.unwrap();
    job::enqueue_many(&tx, &[keyed(1), job(2)]).await.unwrap();
    job::lease(&tx, at(1), "a", at(60), 1).await.unwrap();
    job::enqueue_anew(&tx, &keyed(3)).await.unwrap();
    // Whoever held the one before writes down nothing of this one.
    let held = job::complete_many(&tx, &[given::id(1)], "a").await;
    assert_eq!(held.unwrap(), 0);
    let left = job::lease(&tx, at(9), "b", at(60), 10).await.unwrap();
    assert_eq!(left, [job(2), keyed(3)]);
    tx.commit().await.unwrap();
}

async fn the_queue_and_what_is_due_are_counted(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let jobs: Vec<Job> = (1..=4).map(job).collect();
    job::enqueue_many(&tx, &jobs).await.unwrap();
    job::lease(&tx, at(1), "a", at(60), 1).await.unwrap();
    job::give_up(&tx, jobs[0].id, "a", at(1), "no")
        .await
        .unwrap();
    let subject = |number| DueSubject::Ticket(given::id(number));
    let due: Vec<_> = (1..=5)
        .map(|number| (subject(number), Some(at(i64::from(number) * 10))))
        .collect();
    due::set_many(&tx, &due).await.unwrap();
    tx.commit().await.unwrap();

    let reader = fresh.store.read();
    let queue = job::queue(&reader, at(3)).await.unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!((queue[0].waiting, queue[0].dead), (3, 1));
    assert_eq!(queue[0].runnable_since, Some(at(2)));
    let later = job::queue(&reader, at(1)).await.unwrap();
    assert_eq!(later[0].runnable_since, None);
    let standing = due::standing(&reader, at(20), at(50)).await.unwrap();
    assert_eq!((standing.overdue, standing.soon), (2, 2));
    assert_eq!(standing.first, Some(at(10)));
    let open: u32 = fresh.store.connections().iter().map(|pool| pool.open).sum();
    assert!(open > 0);
}

async fn a_lease_of_what_is_due_is_made_longer(fresh: &Fresh) {
    let subject = |number| DueSubject::Agent(given::id(number));
    let tx = fresh.store.begin().await.unwrap();
    let all: Vec<_> = (1..=4)
        .map(|number| (subject(number), Some(at(1))))
        .collect();
    due::set_many(&tx, &all).await.unwrap();
    let taken = due::lease_due(&tx, at(1), "a", at(10), 3).await.unwrap();
    assert_eq!(taken.len(), 3);
    let other = due::lease_due(&tx, at(1), "b", at(10), 3).await.unwrap();
    assert_eq!(other[0].subject, subject(4));
    // One is done, and of another it was said anew when it is due.
    due::set(&tx, subject(1), None).await.unwrap();
    due::set(&tx, subject(2), Some(at(5))).await.unwrap();
    let held = due::renew(&tx, "a", at(10), at(20)).await.unwrap();
    assert_eq!(held, [subject(3)].into());
    let free = due::lease_due(&tx, at(15), "b", at(30), 9).await.unwrap();
    let free: Vec<_> = free.into_iter().map(|due| due.subject).collect();
    assert_eq!(
        free,
        [subject(4), subject(2)],
        "the third is still the first node's"
    );
    let lost = due::renew(&tx, "a", at(10), at(40)).await.unwrap();
    assert!(lost.is_empty(), "{lost:?}");
}

async fn two_who_hold_a_subject_come_one_after_the_other(fresh: &Fresh) {
    let subject = DueSubject::Agent(given::id(1));
    for (number, then) in [(1, None), (2, Some(at(9)))] {
        let first = fresh.store.begin().await.unwrap();
        due::hold(&first, subject, at(1)).await.unwrap();
        let store = fresh.store.clone();
        let mut second = tokio::spawn(async move {
            let tx = store.begin().await.unwrap();
            due::hold(&tx, subject, at(2)).await.unwrap();
            // A question that concerns nothing of what is held is answered after the first has ended as well.
            job::find(&tx, given::id(number)).await.unwrap()
        });
        fresh
            .waits(&mut second, "the second did not wait for the first")
            .await;
        job::enqueue(&first, &job(number)).await.unwrap();
        due::set(&first, subject, then).await.unwrap();
        first.commit().await.unwrap();
        assert_eq!(
            second.await.unwrap(),
            Some(job(number)),
            "then due at {then:?}"
        );
    }
}

async fn a_job_is_leased_to_one_worker(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let jobs: Vec<Job> = (1..=100).map(job).collect();
    job::enqueue_many(&tx, &jobs).await.unwrap();
    tx.commit().await.unwrap();

    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let store = fresh.store.clone();
            tokio::spawn(async move {
                let mut taken: Vec<JobId> = Vec::new();
                loop {
                    let tx = store.begin().await.unwrap();
                    let name = format!("worker-{worker}");
                    let jobs = job::lease(&tx, at(500), &name, at(560), 7).await.unwrap();
                    tx.commit().await.unwrap();
                    if jobs.is_empty() {
                        return taken;
                    }
                    taken.extend(jobs.iter().map(|job| job.id));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, (1..=100).map(given::id).collect::<Vec<JobId>>());
    assert_eq!(
        job::next_job_at(&fresh.store.read()).await.unwrap(),
        Some(at(560))
    );

    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(
        job::lease(&tx, at(559), "late", at(600), 10)
            .await
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        job::lease(&tx, at(560), "late", at(600), 10)
            .await
            .unwrap()
            .len(),
        10
    );
}

async fn a_job_goes_through_its_life(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for number in [3, 1, 2] {
        assert_eq!(
            job::enqueue(&tx, &job(number)).await.unwrap(),
            Enqueued::Now
        );
    }
    assert_eq!(job::next_job_at(&tx).await.unwrap(), Some(at(1)));
    assert_eq!(job::lease(&tx, at(0), "w", at(9), 10).await.unwrap(), []);
    assert_eq!(
        job::lease(&tx, at(2), "w", at(9), 10).await.unwrap(),
        [job(1), job(2)]
    );
    assert!(job::extend(&tx, given::id(1), "w", at(20)).await.unwrap());
    assert!(
        !job::extend(&tx, given::id(1), "other", at(20))
            .await
            .unwrap()
    );

    assert_eq!(
        job::lease(&tx, at(3), "w", at(9), 10).await.unwrap(),
        [job(3)]
    );
    // Somebody who does not hold the lease has nothing to say.
    assert!(!job::complete(&tx, given::id(1), "other").await.unwrap());
    let (late, reason) = (at(31), "no such mailbox");
    assert!(
        !job::give_up(&tx, given::id(3), "other", late, reason)
            .await
            .unwrap()
    );
    assert!(job::complete(&tx, given::id(1), "w").await.unwrap());
    assert!(
        job::retry(&tx, given::id(2), "w", at(30), "timed out")
            .await
            .unwrap()
    );
    assert!(
        job::give_up(&tx, given::id(3), "w", late, reason)
            .await
            .unwrap()
    );
    assert_eq!(job::find(&tx, given::id(1)).await.unwrap(), None);
    assert_eq!(job::next_job_at(&tx).await.unwrap(), Some(at(30)));
    let retried = job::lease(&tx, at(30), "w", at(39), 10).await.unwrap();
    assert_eq!(retried.len(), 1);
    assert_eq!(
        (retried[0].attempts, retried[0].last_error.as_deref()),
        (1, Some("timed out"))
    );
    let dead = job::dead(&tx, PageRequest::first(10)).await.unwrap().items;
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].id, dead[0].dead_at), (given::id(3), Some(at(31))));
    assert!(job::requeue(&tx, given::id(3), at(32)).await.unwrap());
    assert!(!job::requeue(&tx, given::id(3), at(32)).await.unwrap());
    assert_eq!(
        job::counts(&tx).await.unwrap(),
        job::JobCounts { live: 2, dead: 0 }
    );
}

async fn a_job_that_waits_is_hastened(fresh: &Fresh) {
    let keyed = |number: u32| Job {
        dedup_key: Some(format!("mail:{number}")),
        ..job(number)
    };
    let tx = fresh.store.begin().await.unwrap();
    job::enqueue_many(&tx, &[keyed(1), keyed(2), keyed(50), keyed(60)])
        .await
        .unwrap();
    job::lease(&tx, at(2), "w", at(9), 10).await.unwrap();
    job::give_up(&tx, given::id(2), "w", at(3), "never")
        .await
        .unwrap();
    let keys = [1, 2, 50].map(|number| format!("mail:{number}"));
    job::hasten(&tx, &keys, at(4)).await.unwrap();
    // The first runs, and nobody asked for the last.
    let leased = job::lease(&tx, at(5), "w", at(9), 10).await.unwrap();
    let hastened: Vec<_> = leased
        .iter()
        .map(|job| (job.dedup_key.as_deref(), job.run_at, job.attempts))
        .collect();
    assert_eq!(
        hastened,
        [(Some("mail:2"), at(4), 0), (Some("mail:50"), at(4), 0)]
    );
}

async fn a_key_keeps_a_second_job_out(fresh: &Fresh) {
    let keyed = |number| Job {
        dedup_key: Some("mail:1".to_owned()),
        ..job(number)
    };
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(job::enqueue(&tx, &keyed(1)).await.unwrap(), Enqueued::Now);
    assert_eq!(
        job::enqueue(&tx, &keyed(2)).await.unwrap(),
        Enqueued::Before
    );
    job::enqueue_many(&tx, &[keyed(3), job(4)]).await.unwrap();
    assert_eq!(job::counts(&tx).await.unwrap().live, 2);
    job::lease(&tx, at(9), "w", at(19), 10).await.unwrap();
    job::complete(&tx, given::id(1), "w").await.unwrap();
    assert_eq!(job::enqueue(&tx, &keyed(5)).await.unwrap(), Enqueued::Now);
}
