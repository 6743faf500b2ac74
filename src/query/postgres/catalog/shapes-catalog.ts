// The tables and views of pg_catalog as Postgres 15 has them: each column with a letter for its type.
//   o oid · t text, name, "char" · b boolean · s, i, l whole numbers of 2, 4, 8 bytes · f, d floats · z timestamptz · v interval
//   x bytea · p regproc (an oid) · T, O, S, I, F arrays of text, oid, int2, int4, float4
export const catalogShapes: Readonly<Record<string, string>> = {
  pg_aggregate: `
    aggfnoid p, aggkind t, aggnumdirectargs s, aggtransfn p, aggfinalfn p, aggcombinefn p, aggserialfn
    p, aggdeserialfn p, aggmtransfn p, aggminvtransfn p, aggmfinalfn p, aggfinalextra b, aggmfinalextra
    b, aggfinalmodify t, aggmfinalmodify t, aggsortop o, aggtranstype o, aggtransspace i, aggmtranstype
    o, aggmtransspace i, agginitval t, aggminitval t`,
  pg_am: 'oid o, amname t, amhandler p, amtype t',
  pg_amop: `
    oid o, amopfamily o, amoplefttype o, amoprighttype o, amopstrategy s, amoppurpose t, amopopr o,
    amopmethod o, amopsortfamily o`,
  pg_amproc: 'oid o, amprocfamily o, amproclefttype o, amprocrighttype o, amprocnum s, amproc p',
  pg_attrdef: 'oid o, adrelid o, adnum s, adbin t',
  pg_attribute: `
    attrelid o, attname t, atttypid o, attstattarget i, attlen s, attnum s, attndims i, attcacheoff i,
    atttypmod i, attbyval b, attalign t, attstorage t, attcompression t, attnotnull b, atthasdef b,
    atthasmissing b, attidentity t, attgenerated t, attisdropped b, attislocal b, attinhcount i,
    attcollation o, attacl T, attoptions T, attfdwoptions T, attmissingval T`,
  pg_auth_members: 'roleid o, member o, grantor o, admin_option b',
  pg_available_extensions: 'name t, default_version t, installed_version t, comment t',
  pg_available_extension_versions: `
    name t, version t, installed b, superuser b, trusted b, relocatable b, schema t, requires T, comment
    t`,
  pg_cast: 'oid o, castsource o, casttarget o, castfunc o, castcontext t, castmethod t',
  pg_class: `
    oid o, relname t, relnamespace o, reltype o, reloftype o, relowner o, relam o, relfilenode o,
    reltablespace o, relpages i, reltuples f, relallvisible i, reltoastrelid o, relhasindex b,
    relisshared b, relpersistence t, relkind t, relnatts s, relchecks s, relhasrules b, relhastriggers
    b, relhassubclass b, relrowsecurity b, relforcerowsecurity b, relispopulated b, relreplident t,
    relispartition b, relrewrite o, relfrozenxid o, relminmxid o, relacl T, reloptions T, relpartbound t`,
  pg_collation: `
    oid o, collname t, collnamespace o, collowner o, collprovider t, collisdeterministic b, collencoding
    i, collcollate t, collctype t, colliculocale t, collversion t`,
  pg_constraint: `
    oid o, conname t, connamespace o, contype t, condeferrable b, condeferred b, convalidated b,
    conrelid o, contypid o, conindid o, conparentid o, confrelid o, confupdtype t, confdeltype t,
    confmatchtype t, conislocal b, coninhcount s, connoinherit b, conkey S, confkey S, conpfeqop O,
    conppeqop O, conffeqop O, confdelsetcols S, conexclop O, conbin t`,
  pg_conversion: `
    oid o, conname t, connamespace o, conowner o, conforencoding i, contoencoding i, conproc p,
    condefault b`,
  pg_cursors: 'name t, statement t, is_holdable b, is_binary b, is_scrollable b, creation_time z',
  pg_database: `
    oid o, datname t, datdba o, encoding i, datlocprovider t, datistemplate b, datallowconn b,
    datconnlimit i, datfrozenxid o, datminmxid o, dattablespace o, datcollate t, datctype t,
    daticulocale t, datcollversion t, datacl T`,
  pg_db_role_setting: 'setdatabase o, setrole o, setconfig T',
  pg_default_acl: 'oid o, defaclrole o, defaclnamespace o, defaclobjtype t, defaclacl T',
  pg_depend: 'classid o, objid o, objsubid i, refclassid o, refobjid o, refobjsubid i, deptype t',
  pg_description: 'objoid o, classoid o, objsubid i, description t',
  pg_enum: 'oid o, enumtypid o, enumsortorder f, enumlabel t',
  pg_event_trigger: 'oid o, evtname t, evtevent t, evtowner o, evtfoid o, evtenabled t, evttags T',
  pg_extension: `
    oid o, extname t, extowner o, extnamespace o, extrelocatable b, extversion t, extconfig O,
    extcondition T`,
  pg_foreign_data_wrapper: 'oid o, fdwname t, fdwowner o, fdwhandler o, fdwvalidator o, fdwacl T, fdwoptions T',
  pg_foreign_server: 'oid o, srvname t, srvowner o, srvfdw o, srvtype t, srvversion t, srvacl T, srvoptions T',
  pg_foreign_table: 'ftrelid o, ftserver o, ftoptions T',
  pg_group: 'groname t, grosysid o, grolist O',
  pg_index: `
    indexrelid o, indrelid o, indnatts s, indnkeyatts s, indisunique b, indnullsnotdistinct b,
    indisprimary b, indisexclusion b, indimmediate b, indisclustered b, indisvalid b, indcheckxmin b,
    indisready b, indislive b, indisreplident b, indkey S, indcollation O, indclass O, indoption S,
    indexprs t, indpred t`,
  pg_indexes: 'schemaname t, tablename t, indexname t, tablespace t, indexdef t',
  pg_inherits: 'inhrelid o, inhparent o, inhseqno i, inhdetachpending b',
  pg_init_privs: 'objoid o, classoid o, objsubid i, privtype t, initprivs T',
  pg_language: `
    oid o, lanname t, lanowner o, lanispl b, lanpltrusted b, lanplcallfoid o, laninline o, lanvalidator
    o, lanacl T`,
  pg_largeobject_metadata: 'oid o, lomowner o, lomacl T',
  pg_locks: `
    locktype t, database o, relation o, page i, tuple s, virtualxid t, transactionid o, classid o, objid
    o, objsubid s, virtualtransaction t, pid i, mode t, granted b, fastpath b, waitstart z`,
  pg_matviews: 'schemaname t, matviewname t, matviewowner t, tablespace t, hasindexes b, ispopulated b, definition t',
  pg_namespace: 'oid o, nspname t, nspowner o, nspacl T',
  pg_opclass: `
    oid o, opcmethod o, opcname t, opcnamespace o, opcowner o, opcfamily o, opcintype o, opcdefault b,
    opckeytype o`,
  pg_operator: `
    oid o, oprname t, oprnamespace o, oprowner o, oprkind t, oprcanmerge b, oprcanhash b, oprleft o,
    oprright o, oprresult o, oprcom o, oprnegate o, oprcode p, oprrest p, oprjoin p`,
  pg_opfamily: 'oid o, opfmethod o, opfname t, opfnamespace o, opfowner o',
  pg_partitioned_table: `
    partrelid o, partstrat t, partnatts s, partdefid o, partattrs S, partclass O, partcollation O,
    partexprs t`,
  pg_policies: 'schemaname t, tablename t, policyname t, permissive t, roles T, cmd t, qual t, with_check t',
  pg_policy: 'oid o, polname t, polrelid o, polcmd t, polpermissive b, polroles O, polqual t, polwithcheck t',
  pg_prepared_statements: 'name t, statement t, prepare_time z, parameter_types T, from_sql b',
  pg_proc: `
    oid o, proname t, pronamespace o, proowner o, prolang o, procost f, prorows f, provariadic o,
    prosupport p, prokind t, prosecdef b, proleakproof b, proisstrict b, proretset b, provolatile t,
    proparallel t, pronargs s, pronargdefaults s, prorettype o, proargtypes O, proallargtypes O,
    proargmodes T, proargnames T, proargdefaults t, protrftypes O, prosrc t, probin t, prosqlbody t,
    proconfig T, proacl T`,
  pg_publication: `
    oid o, pubname t, pubowner o, puballtables b, pubinsert b, pubupdate b, pubdelete b, pubtruncate b,
    pubviaroot b`,
  pg_publication_namespace: 'oid o, pnpubid o, pnnspid o',
  pg_publication_rel: 'oid o, prpubid o, prrelid o, prqual t, prattrs S',
  pg_publication_tables: 'pubname t, schemaname t, tablename t, attnames T, rowfilter t',
  pg_range: 'rngtypid o, rngsubtype o, rngmultitypid o, rngcollation o, rngsubopc o, rngcanonical p, rngsubdiff p',
  pg_rewrite: 'oid o, rulename t, ev_class o, ev_type t, ev_enabled t, is_instead b, ev_qual t, ev_action t',
  pg_roles: `
    rolname t, rolsuper b, rolinherit b, rolcreaterole b, rolcreatedb b, rolcanlogin b, rolreplication
    b, rolconnlimit i, rolpassword t, rolvaliduntil z, rolbypassrls b, rolconfig T, oid o`,
  pg_rules: 'schemaname t, tablename t, rulename t, definition t',
  pg_seclabel: 'objoid o, classoid o, objsubid i, provider t, label t',
  pg_seclabels: 'objoid o, classoid o, objsubid i, objtype t, objnamespace o, objname t, provider t, label t',
  pg_sequence: 'seqrelid o, seqtypid o, seqstart l, seqincrement l, seqmax l, seqmin l, seqcache l, seqcycle b',
  pg_sequences: `
    schemaname t, sequencename t, sequenceowner t, data_type t, start_value l, min_value l, max_value l,
    increment_by l, cycle b, cache_size l, last_value l`,
  pg_settings: `
    name t, setting t, unit t, category t, short_desc t, extra_desc t, context t, vartype t, source t,
    min_val t, max_val t, enumvals T, boot_val t, reset_val t, sourcefile t, sourceline i,
    pending_restart b`,
  pg_shadow: `
    usename t, usesysid o, usecreatedb b, usesuper b, userepl b, usebypassrls b, passwd t, valuntil z,
    useconfig T`,
  pg_shdepend: 'dbid o, classid o, objid o, objsubid i, refclassid o, refobjid o, deptype t',
  pg_shdescription: 'objoid o, classoid o, description t',
  pg_shseclabel: 'objoid o, classoid o, provider t, label t',
  pg_stat_activity: `
    datid o, datname t, pid i, leader_pid i, usesysid o, usename t, application_name t, client_addr t,
    client_hostname t, client_port i, backend_start z, xact_start z, query_start z, state_change z,
    wait_event_type t, wait_event t, state t, backend_xid o, backend_xmin o, query_id l, query t,
    backend_type t`,
  pg_stat_all_indexes: `
    relid o, indexrelid o, schemaname t, relname t, indexrelname t, idx_scan l, idx_tup_read l,
    idx_tup_fetch l`,
  pg_stat_all_tables: `
    relid o, schemaname t, relname t, seq_scan l, seq_tup_read l, idx_scan l, idx_tup_fetch l, n_tup_ins
    l, n_tup_upd l, n_tup_del l, n_tup_hot_upd l, n_live_tup l, n_dead_tup l, n_mod_since_analyze l,
    n_ins_since_vacuum l, last_vacuum z, last_autovacuum z, last_analyze z, last_autoanalyze z,
    vacuum_count l, autovacuum_count l, analyze_count l, autoanalyze_count l`,
  pg_stat_database: `
    datid o, datname t, numbackends i, xact_commit l, xact_rollback l, blks_read l, blks_hit l,
    tup_returned l, tup_fetched l, tup_inserted l, tup_updated l, tup_deleted l, conflicts l, temp_files
    l, temp_bytes l, deadlocks l, checksum_failures l, checksum_last_failure z, blk_read_time d,
    blk_write_time d, session_time d, active_time d, idle_in_transaction_time d, sessions l,
    sessions_abandoned l, sessions_fatal l, sessions_killed l, parallel_workers_to_launch l,
    parallel_workers_launched l, stats_reset z`,
  pg_stat_replication: `
    pid i, usesysid o, usename t, application_name t, client_addr t, client_hostname t, client_port i,
    backend_start z, backend_xmin o, state t, sent_lsn t, write_lsn t, flush_lsn t, replay_lsn t,
    write_lag v, flush_lag v, replay_lag v, sync_priority i, sync_state t, reply_time z`,
  pg_stat_ssl: 'pid i, ssl b, version t, cipher t, bits i, client_dn t, client_serial l, issuer_dn t',
  pg_stat_user_indexes: `
    relid o, indexrelid o, schemaname t, relname t, indexrelname t, idx_scan l, idx_tup_read l,
    idx_tup_fetch l`,
  pg_stat_user_tables: `
    relid o, schemaname t, relname t, seq_scan l, seq_tup_read l, idx_scan l, idx_tup_fetch l, n_tup_ins
    l, n_tup_upd l, n_tup_del l, n_tup_hot_upd l, n_live_tup l, n_dead_tup l, n_mod_since_analyze l,
    n_ins_since_vacuum l, last_vacuum z, last_autovacuum z, last_analyze z, last_autoanalyze z,
    vacuum_count l, autovacuum_count l, analyze_count l, autoanalyze_count l`,
  pg_stat_user_functions: 'funcid o, schemaname t, funcname t, calls l, total_time d, self_time d',
  pg_statio_user_indexes:
    'relid o, indexrelid o, schemaname t, relname t, indexrelname t, idx_blks_read l, idx_blks_hit l',
  pg_statio_user_tables: `
    relid o, schemaname t, relname t, heap_blks_read l, heap_blks_hit l, idx_blks_read l, idx_blks_hit
    l, toast_blks_read l, toast_blks_hit l, tidx_blks_read l, tidx_blks_hit l`,
  pg_statistic_ext: `
    oid o, stxrelid o, stxname t, stxnamespace o, stxowner o, stxstattarget i, stxkeys S, stxkind T,
    stxexprs t`,
  pg_stats: `
    schemaname t, tablename t, attname t, inherited b, null_frac f, avg_width i, n_distinct f,
    most_common_vals T, most_common_freqs F, histogram_bounds T, correlation f, most_common_elems T,
    most_common_elem_freqs F, elem_count_histogram F`,
  pg_subscription_rel: 'srsubid o, srrelid o, srsubstate t, srsublsn t',
  pg_tables: `
    schemaname t, tablename t, tableowner t, tablespace t, hasindexes b, hasrules b, hastriggers b,
    rowsecurity b`,
  pg_tablespace: 'oid o, spcname t, spcowner o, spcacl T, spcoptions T',
  pg_timezone_abbrevs: 'abbrev t, utc_offset v, is_dst b',
  pg_timezone_names: 'name t, abbrev t, utc_offset v, is_dst b',
  pg_transform: 'oid o, trftype o, trflang o, trffromsql p, trftosql p',
  pg_trigger: `
    oid o, tgrelid o, tgparentid o, tgname t, tgfoid o, tgtype s, tgenabled t, tgisinternal b,
    tgconstrrelid o, tgconstrindid o, tgconstraint o, tgdeferrable b, tginitdeferred b, tgnargs s,
    tgattr S, tgargs x, tgqual t, tgoldtable t, tgnewtable t`,
  pg_ts_config: 'oid o, cfgname t, cfgnamespace o, cfgowner o, cfgparser o',
  pg_ts_dict: 'oid o, dictname t, dictnamespace o, dictowner o, dicttemplate o, dictinitoption t',
  pg_ts_parser: 'oid o, prsname t, prsnamespace o, prsstart p, prstoken p, prsend p, prsheadline p, prslextype p',
  pg_ts_template: 'oid o, tmplname t, tmplnamespace o, tmplinit p, tmpllexize p',
  pg_type: `
    oid o, typname t, typnamespace o, typowner o, typlen s, typbyval b, typtype t, typcategory t,
    typispreferred b, typisdefined b, typdelim t, typrelid o, typsubscript p, typelem o, typarray o,
    typinput p, typoutput p, typreceive p, typsend p, typmodin p, typmodout p, typanalyze p, typalign t,
    typstorage t, typnotnull b, typbasetype o, typtypmod i, typndims i, typcollation o, typdefaultbin t,
    typdefault t, typacl T`,
  pg_user: `
    usename t, usesysid o, usecreatedb b, usesuper b, userepl b, usebypassrls b, passwd t, valuntil z,
    useconfig T`,
  pg_user_mapping: 'oid o, umuser o, umserver o, umoptions T',
  pg_user_mappings: 'umid o, srvid o, srvname t, umuser o, usename t, umoptions T',
  pg_views: 'schemaname t, viewname t, viewowner t, definition t',
  pg_stat_statements: `
    userid o, dbid o, toplevel b, queryid l, query t, calls l, total_exec_time d, mean_exec_time d, rows
    l`,
}
