// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"

#define N_CRASHES 6

/*
 * Of the process, as the terminal and its crash handlers are: a handler can be handed nothing.
 */
static struct {
	SCREEN *screen;
	int fd;
	bool utf8, colors, saved;
	enum chart_style chart;
	struct termios before;
	char restore
		[256]; /* what leaves the screen's mode, for a handler that may call no curses */
	size_t restore_n;
	char handler_stack[65536];
	stack_t stack_before;
	struct sigaction actions_before[N_CRASHES];
} terminal;

static const int crashes[N_CRASHES] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT };

/* --- a crash ---------------------------------------------------------------------------------- */

static void on_crash(int sig)
{
	ssize_t n = write(terminal.fd, terminal.restore, terminal.restore_n);

	(void)n;
	if (terminal.saved)
		tcsetattr(terminal.fd, TCSANOW, &terminal.before);
	/* SA_RESETHAND: this time it ends the process, with the core dump that it deserves */
	raise(sig);
}

static void restore_add(const char *sequence)
{
	size_t n = sequence && sequence != (char *)-1 ? strlen(sequence) : 0;

	if (!n || n > sizeof(terminal.restore) - terminal.restore_n)
		return;
	memcpy(terminal.restore + terminal.restore_n, sequence, n);
	terminal.restore_n += n;
}

static void crashes_catch(void)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_RESETHAND };
	stack_t stack = { .ss_sp = terminal.handler_stack,
			  .ss_size = sizeof(terminal.handler_stack) };

	terminal.restore_n = 0;
	restore_add("\033[?1006l\033[?1002l\033[?1000l");
	restore_add(tigetstr("sgr0"));
	restore_add(tigetstr("rmkx"));
	restore_add(tigetstr("cnorm"));
	restore_add(tigetstr("rmcup"));
	restore_add("\r");
	restore_add(tigetstr("el"));
	sigaltstack(&stack, &terminal.stack_before);
	for (size_t i = 0; i < N_CRASHES; i++)
		sigaction(crashes[i], &action, &terminal.actions_before[i]);
}

static void crashes_leave(void)
{
	for (size_t i = 0; i < N_CRASHES; i++)
		sigaction(crashes[i], &terminal.actions_before[i], NULL);
	sigaltstack(&terminal.stack_before, NULL);
}

/* --- what it can show ------------------------------------------------------------------------- */

static bool environment_says_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

/* Only characters: numbers stay as they are everywhere else in memtop. */
static void find_characters(void)
{
	const char *term = getenv("TERM");

	/* the locale may be one that is not installed here, and the terminal UTF-8 all the same */
	if (!setlocale(LC_CTYPE, "") && environment_says_utf8())
		setlocale(LC_CTYPE, "C.UTF-8");
	terminal.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	terminal.chart = !terminal.utf8			  ? CHART_ASCII
			 : term && !strcmp(term, "linux") ? CHART_BLOCKS
							  : CHART_BRAILLE;
}

/* --- styles ----------------------------------------------------------------------------------- */

/* Foreground and background, with 256 colours and with 8; -1: the terminal's own. */
struct look {
	short fg256, bg256, fg8, bg8;
	attr_t mono;  /* without colours */
	attr_t extra; /* with colours too */
};

static const struct look looks[STYLE_END] = {
	[STYLE_PLAIN] = { -1, -1, -1, -1, A_NORMAL, 0 },
	[STYLE_BOLD] = { -1, -1, -1, -1, A_BOLD, A_BOLD },
	[STYLE_DIM] = { 245, -1, -1, -1, A_NORMAL, 0 },
	[STYLE_TITLE] = { 117, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD },
	[STYLE_HEADING] = { 16, 71, COLOR_BLACK, COLOR_GREEN, A_REVERSE, 0 },
	[STYLE_SORTED] = { 16, 117, COLOR_BLACK, COLOR_CYAN, A_REVERSE | A_BOLD, 0 },
	[STYLE_SELECTED] = { 16, 117, COLOR_BLACK, COLOR_CYAN, A_REVERSE, 0 },
	[STYLE_KEY] = { 16, 73, COLOR_BLACK, COLOR_CYAN, A_REVERSE, 0 },
	[STYLE_ALERT] = { 203, -1, COLOR_RED, -1, A_BOLD, A_BOLD },
	[STYLE_RESIDENT] = { 71, -1, COLOR_GREEN, -1, A_NORMAL, 0 },
	[STYLE_SWAPPED] = { 203, -1, COLOR_RED, -1, A_NORMAL, 0 },
	[STYLE_ZERO] = { 179, -1, COLOR_YELLOW, -1, A_NORMAL, 0 },
	[STYLE_UNTOUCHED] = { 68, -1, COLOR_BLUE, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 0] = { 71, -1, COLOR_GREEN, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 1] = { 179, -1, COLOR_YELLOW, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 2] = { 73, -1, COLOR_CYAN, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 3] = { 140, -1, COLOR_MAGENTA, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 4] = { 68, -1, COLOR_BLUE, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 5] = { 174, -1, COLOR_RED, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 6] = { 250, -1, COLOR_WHITE, -1, A_NORMAL, 0 },
	[STYLE_ACCOUNT + 7] = { 240, -1, COLOR_WHITE, -1, A_NORMAL, 0 },
};

static void colors_start(bool wanted)
{
	terminal.colors = wanted && has_colors() && start_color() != ERR && COLORS >= 8;
	if (!terminal.colors)
		return;
	use_default_colors();
	for (int i = 0; i < STYLE_END; i++) {
		const struct look *l = &looks[i];

		if (COLORS >= 256)
			init_pair((short)(i + 1), l->fg256, l->bg256);
		else
			init_pair((short)(i + 1), l->fg8, l->bg8);
	}
}

attr_t terminal_style(enum style style)
{
	if (!terminal.colors)
		return looks[style].mono;
	return (attr_t)COLOR_PAIR(style + 1) | looks[style].extra;
}

bool terminal_utf8(void)
{
	return terminal.utf8;
}

bool terminal_colors(void)
{
	return terminal.colors;
}

enum chart_style terminal_chart(void)
{
	return terminal.chart;
}

/* --- taking it and giving it back ------------------------------------------------------------- */

int terminal_open(FILE *out, FILE *in, bool color)
{
	const char *term = getenv("TERM");

	terminal.fd = fileno(out);
	find_characters();
	terminal.saved = !tcgetattr(terminal.fd, &terminal.before);
	terminal.screen = newterm(NULL, out, in);
	if (!terminal.screen)
		return error_set(-ENOTTY, "no screen can be drawn on a terminal of type '%s'",
				 term ? term : "");
	crashes_catch();
	colors_start(color);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	return 0;
}

void terminal_redraw(void)
{
	clearok(curscr, TRUE);
}

void terminal_close(void)
{
	if (!terminal.screen)
		return;
	/* where no other screen comes back, the shell writes into the last line */
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
	crashes_leave();
	delscreen(terminal.screen);
	terminal.screen = NULL;
}
