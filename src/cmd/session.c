// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/marks.h"
#include "cmd/message.h"
#include "cmd/signals.h"
#include "live/capability.h"
#include "live/live.h"
#include "model/stack_table.h"

/*
 * live wants to be polled each 100 ms at least, and a signal between two calls must not wait long.
 */
#define MAX_WAIT_NS (50 * NS_PER_MS)

struct session {
	const struct options *options;
	const struct session_consumer *consumer;
	struct live *live;
	struct marks *marks;	  /* NULL: none can come */
	uint64_t next_ns, end_ns; /* CLOCK_MONOTONIC; end 0: none */
	uint64_t taken;		  /* snapshots handed on */
	struct snapshot *now, *previous;
	bool fresh;    /* nothing was taken in since `now` */
	bool measured; /* some snapshot had a process in it */
	bool *ended;   /* per --pid: said so */
	struct snapshot_lost lost;
};

/* --- what is said on stderr ------------------------------------------------------------------- */

static void say_ended(struct session *m, size_t i)
{
	if (m->ended[i])
		return;
	m->ended[i] = true;
	message_note("process %d ended", (int)m->options->pids.at[i]);
}

/* True when all of its programs have ended: one that calls exec() goes on as another. */
static bool has_exited(const struct snapshot *s, uint32_t pid)
{
	bool exited = false;

	vec_for_each (&s->processes, p) {
		if (p->pid != pid)
			continue;
		if (!p->exited)
			return false;
		exited = true;
	}
	return exited;
}

static void say_exited(struct session *m)
{
	for (size_t i = 0; i < m->options->pids.n; i++) {
		if (has_exited(m->now, (uint32_t)m->options->pids.at[i]))
			say_ended(m, i);
	}
}

static void log_stack_ends(const struct snapshot_stack_ends *ends)
{
	struct text t = { 0 };

	for (size_t i = 0; i < sizeof(ends->ended) / sizeof(ends->ended[0]); i++)
		text_addf(&t, ", %s %llu", stack_stop_name((enum stack_stop)i),
			  (unsigned long long)ends->ended[i]);
	log_info("stacks walked: %llu, %llu known from before; new code met: %llu; ended by%s",
		 (unsigned long long)ends->walked, (unsigned long long)ends->known,
		 (unsigned long long)ends->late, text_string(&t) + 1);
	text_free(&t);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Puts the events of `from` before those of `to`. */
static int carry_events(const struct snapshot *from, struct snapshot *to)
{
	for (size_t i = 0; from && i < from->events.n; i++) {
		if (vec_insert(&to->events, i, from->events.at[i]))
			return error_set(-ENOMEM, "out of memory");
	}
	return 0;
}

static int hand_on(struct session *m)
{
	if (!m->consumer->each)
		return carry_events(m->previous, m->now);
	return m->consumer->each(m->now, m->previous, m->consumer->ctx);
}

static int take_snapshot(struct session *m)
{
	struct snapshot *s;
	int err = live_snapshot(m->live, &s);

	if (err)
		return err;
	err = marks_take(m->marks, s);
	if (err) {
		snapshot_free(s);
		return err;
	}
	m->fresh = true;
	if (snapshot_lost_any(&s->lost))
		m->lost = s->lost;
	/* after the end of all targets nothing may be left to tell: the figures are out already */
	if (!s->processes.n && (live_finished(m->live) || (m->measured && !m->consumer->empty))) {
		snapshot_free(s);
		m->taken++;
		return 0;
	}
	snapshot_free(m->previous);
	m->previous = m->now;
	m->now = s;
	m->measured |= s->processes.n > 0;
	m->taken++;
	err = hand_on(m);
	marks_answer(m->marks);
	say_exited(m);
	return err;
}

static int wait_for_events(struct session *m, uint64_t now)
{
	uint64_t wait = MAX_WAIT_NS;
	int err;

	if (m->next_ns - now < wait)
		wait = m->next_ns - now;
	if (m->end_ns && m->end_ns - now < wait)
		wait = m->end_ns - now;
	err = live_poll(m->live, (int)((wait + NS_PER_MS - 1) / NS_PER_MS));
	m->fresh = false;
	/* a mark is measured at once */
	if (marks_came(m->marks))
		m->next_ns = now;
	return err == -EINTR ? 0 : err;
}

static bool is_over(const struct session *m, uint64_t now)
{
	return signals_stop() || live_finished(m->live) || (m->end_ns && now >= m->end_ns) ||
	       (m->consumer->finished && m->consumer->finished(m->consumer->ctx));
}

static int take_last(struct session *m)
{
	/* a target may have ended while the newest snapshot was being made */
	bool is_last = m->fresh && !live_finished(m->live);

	if (is_last || (signals_stop() && m->consumer->no_last))
		return 0;
	return take_snapshot(m);
}

static int session_loop(struct session *m)
{
	const struct options *o = m->options;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int err = 0;

	m->next_ns = m->consumer->at_once ? now : now + o->delay_ns;
	m->end_ns = o->duration_ns ? now + o->duration_ns : 0;
	while (!err) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (is_over(m, now))
			return take_last(m);
		if (now < m->next_ns) {
			err = wait_for_events(m, now);
			continue;
		}
		err = take_snapshot(m);
		if (o->iterations && m->taken >= o->iterations)
			return err;
		/* a measurement that took longer than the delay skips beats, it does not pile up */
		m->next_ns += o->delay_ns;
		if (m->next_ns <= clock_ns(CLOCK_MONOTONIC))
			m->next_ns = clock_ns(CLOCK_MONOTONIC) + o->delay_ns;
	}
	return err;
}

/* --- from beginning to end -------------------------------------------------------------------- */

static enum exit_status nothing_measured(const struct options *o)
{
	switch (o->live.target) {
	case LIVE_PIDS:
		message_error("process %d%s ended before anything was measured", (int)o->pids.at[0],
			      o->pids.n > 1 ? " and the others" : "");
		return EXIT_NO_TARGET;
	case LIVE_COMM:
		message_error("no process is called '%s'", o->comm);
		return EXIT_NO_TARGET;
	case LIVE_UID:
		message_error("user %u has no process", (unsigned)o->live.uid);
		return EXIT_NO_TARGET;
	case LIVE_ALL:
		break;
	}
	message_error("no process was measured");
	return EXIT_NO_TARGET;
}

static enum exit_status fail(int err)
{
	/* a signal while things were still being set up */
	if (err == -EINTR && signals_stop())
		return EXIT_DONE;
	if (err != -EPIPE)
		message_error("%s", error_text(err));
	return exit_status_of(err);
}

static enum exit_status conclude(struct session *m, int err)
{
	if (m->now)
		log_stack_ends(&m->now->ends);
	/* nobody wants what was being measured */
	if (err == -ECANCELED)
		err = 0;
	if (err)
		return fail(err);
	if (!m->measured)
		return signals_stop() && m->consumer->no_last ? EXIT_DONE
							      : nothing_measured(m->options);
	err = m->consumer->end ? m->consumer->end(m->now, m->consumer->ctx) : 0;
	if (err)
		return fail(err);
	if (live_finished(m->live)) {
		for (size_t i = 0; i < m->options->pids.n; i++)
			say_ended(m, i);
	}
	if (!snapshot_lost_any(&m->lost))
		return EXIT_DONE;
	message_lost(NULL, &m->lost);
	return EXIT_LOST;
}

enum exit_status session_permitted(void)
{
	int err = capability_permitted();

	return err ? fail(err) : EXIT_DONE;
}

enum exit_status session_run(const struct options *options, const struct session_consumer *consumer)
{
	struct session m = { .options = options, .consumer = consumer };
	struct live_options live = options->live;
	enum exit_status status;
	int err;

	m.ended = calloc(options->pids.n + 1, sizeof(*m.ended));
	if (!m.ended)
		return fail(-ENOMEM);
	live.progress = (struct live_progress){ consumer->go_on, consumer->ctx };
	err = live_open(&live, &m.live);
	if (err) {
		status = err == -ECANCELED ? EXIT_DONE : fail(err);
	} else {
		if (live_attach_method(m.live))
			log_info("probes are attached by %s", live_attach_method(m.live));
		/* without marks all else works */
		err = marks_open(&options->live, &m.marks);
		if (err)
			log_info("no marks can be put: %s", error_text(err));
		err = consumer->ready ? consumer->ready(consumer->ctx) : 0;
		status = conclude(&m, err ? err : session_loop(&m));
	}
	if (consumer->done)
		consumer->done(consumer->ctx);
	snapshot_free(m.now);
	snapshot_free(m.previous);
	marks_close(m.marks);
	live_close(m.live);
	free(m.ended);
	return status;
}
