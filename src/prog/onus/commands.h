/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The front door's commands: one file cmd_NAME.c each, one row in main.c. argv[0] is the command's
 * name; they return an exit code as Nagios has them. */
#ifndef ONUS_PROG_ONUS_COMMANDS_H
#define ONUS_PROG_ONUS_COMMANDS_H

int cmd_allow(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_conf(int argc, char **argv);
int cmd_decide(int argc, char **argv);
int cmd_dispute(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_feed(int argc, char **argv);
int cmd_annotate(int argc, char **argv);
int cmd_level(int argc, char **argv);
int cmd_lookup(int argc, char **argv);
int cmd_own(int argc, char **argv);
int cmd_relay(int argc, char **argv);
int cmd_registry(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_settings(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_source(int argc, char **argv);
int cmd_sensor(int argc, char **argv);
int cmd_warrant(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_extract(int argc, char **argv);

#endif
