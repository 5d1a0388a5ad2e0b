// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop;

static void note_stop(int sig)
{
	stop = sig;
}

static void catch (int sig)
{
	struct sigaction action = { .sa_handler = note_stop }, was;

	if (!sigaction(sig, NULL, &was) && was.sa_handler == SIG_IGN && sig == SIGHUP)
		return;
	/* no SA_RESTART: a wait must end at once */
	sigaction(sig, &action, NULL);
}

void signals_install(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	catch (SIGINT);
	catch (SIGTERM);
	catch (SIGHUP);
	sigaction(SIGPIPE, &ignore, NULL);
}

bool signals_stop(void)
{
	return stop;
}

void signals_request_stop(void)
{
	stop = 1;
}

int signals_which(void)
{
	return stop;
}
