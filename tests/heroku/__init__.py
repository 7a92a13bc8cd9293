"""The local Heroku, by its parts and by the real command.

What it promises, and the tests that show it (`api`, `dynos`, `push`: `test_platform_*.py`):

Bad input
- two apps of one name; a name that is refused: api `two_apps_of_one_name`, `names_that_heroku…`
- unknown app, add-on, plan, process type: api `unknown_…`; the plan also in `test_real_command`
- negative, huge, non-numeric quantities: api `quantities_that_cannot_be`, `huge_quantity`
- a Procfile that does not parse: `test_platform_parts`, push `pushes_that_are_refused`
- a push of 1 GB: push `push_that_is_too_large`, with a smaller limit
- a config var with newlines, quotes, NUL: api `config_vars…`, `…reaches_the_dyno_as_it_is`
- a dyno that prints without end: dynos `endless_output…`, `release_phase_that_prints_without_end`
- a dyno that floods the disk: dynos `largest_file_is_capped`, `flood_of_files_is_ended`
- a shell's metacharacters: dynos `metacharacters_do_what_a_shell_does`
- scale, push and destroy at once: push `push_scale_and_destroy_at_once`, `second_push_during…`,
  `destroy_during_a_build`; api `scale_and_destroy_at_once`

What is like the real one
- PORT, config vars and nothing of the user's: dynos `environment_is_the_config_vars…`
- a first deploy starts web only: api `first_deploy_starts_web_only`
- a crash is restarted, then later and later: dynos `crash_is_restarted…`, `delays_grow`
- SIGTERM to all, SIGKILL after 30 s, R12: dynos `stop_is_sigterm…`, `what_does_not_end_is_killed`,
  `daemons_end_with_their_dyno`, `pace_is_that_of_heroku`
- R10, H10, H12, H14: dynos `web_that_does_not_listen_is_r10`, `…_is_h10`, `…_is_h12`, `…_is_h14`
- a fresh file system: dynos `file_system_is_fresh_at_each_start`
- config:set makes a release and restarts: dynos `config_var_makes_a_release_and_restarts`
- log lines, 1,500 of them, a tail without delay: `test_platform_parts`; push `tail_comes_without…`
- Redis: TLS that nobody vouches for, 20 clients, 25 MB: `test_addons_redis`, `test_addons_tls`
- PostgreSQL: a database of its own, 20 connections: `test_addons_postgresql`

Safe
- loopback only, 401 without the key, reset leaves nothing: `test_run`, api `without_the_key_is_401`
- killed at any moment, it starts again: dynos `killed_platform_starts_again…`, `test_addons`
- nothing in the user's own settings, no proxy asked: `test_real_command`, `test_platform_parts`
- no process, port or folder left after a hundred rounds: `script/soak heroku`
"""
