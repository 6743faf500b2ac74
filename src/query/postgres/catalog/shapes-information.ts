// The views of information_schema as Postgres 15 has them: each column with a letter for its type.
//   o oid · t text, name, "char" · b boolean · s, i, l whole numbers of 2, 4, 8 bytes · f, d floats · z timestamptz · v interval
//   x bytea · p regproc (an oid) · T, O, S, I, F arrays of text, oid, int2, int4, float4
export const informationShapes: Readonly<Record<string, string>> = {
  administrable_role_authorizations: 'grantee t, role_name t, is_grantable t',
  applicable_roles: 'grantee t, role_name t, is_grantable t',
  attributes: `
    udt_catalog t, udt_schema t, udt_name t, attribute_name t, ordinal_position i, attribute_default t,
    is_nullable t, data_type t, character_maximum_length i, character_octet_length i,
    character_set_catalog t, character_set_schema t, character_set_name t, collation_catalog t,
    collation_schema t, collation_name t, numeric_precision i, numeric_precision_radix i, numeric_scale
    i, datetime_precision i, interval_type t, interval_precision i, attribute_udt_catalog t,
    attribute_udt_schema t, attribute_udt_name t, scope_catalog t, scope_schema t, scope_name t,
    maximum_cardinality i, dtd_identifier t, is_derived_reference_attribute t`,
  character_sets: `
    character_set_catalog t, character_set_schema t, character_set_name t, character_repertoire t,
    form_of_use t, default_collate_catalog t, default_collate_schema t, default_collate_name t`,
  check_constraint_routine_usage: `
    constraint_catalog t, constraint_schema t, constraint_name t, specific_catalog t, specific_schema t,
    specific_name t`,
  check_constraints: 'constraint_catalog t, constraint_schema t, constraint_name t, check_clause t',
  collation_character_set_applicability: `
    collation_catalog t, collation_schema t, collation_name t, character_set_catalog t,
    character_set_schema t, character_set_name t`,
  collations: 'collation_catalog t, collation_schema t, collation_name t, pad_attribute t',
  column_column_usage: 'table_catalog t, table_schema t, table_name t, column_name t, dependent_column t',
  column_domain_usage: `
    domain_catalog t, domain_schema t, domain_name t, table_catalog t, table_schema t, table_name t,
    column_name t`,
  column_options: 'table_catalog t, table_schema t, table_name t, column_name t, option_name t, option_value t',
  column_privileges: `
    grantor t, grantee t, table_catalog t, table_schema t, table_name t, column_name t, privilege_type
    t, is_grantable t`,
  column_udt_usage: `
    udt_catalog t, udt_schema t, udt_name t, table_catalog t, table_schema t, table_name t, column_name
    t`,
  columns: `
    table_catalog t, table_schema t, table_name t, column_name t, ordinal_position i, column_default t,
    is_nullable t, data_type t, character_maximum_length i, character_octet_length i, numeric_precision
    i, numeric_precision_radix i, numeric_scale i, datetime_precision i, interval_type t,
    interval_precision i, character_set_catalog t, character_set_schema t, character_set_name t,
    collation_catalog t, collation_schema t, collation_name t, domain_catalog t, domain_schema t,
    domain_name t, udt_catalog t, udt_schema t, udt_name t, scope_catalog t, scope_schema t, scope_name
    t, maximum_cardinality i, dtd_identifier t, is_self_referencing t, is_identity t,
    identity_generation t, identity_start t, identity_increment t, identity_maximum t, identity_minimum
    t, identity_cycle t, is_generated t, generation_expression t, is_updatable t`,
  constraint_column_usage: `
    table_catalog t, table_schema t, table_name t, column_name t, constraint_catalog t,
    constraint_schema t, constraint_name t`,
  constraint_table_usage: `
    table_catalog t, table_schema t, table_name t, constraint_catalog t, constraint_schema t,
    constraint_name t`,
  data_type_privileges: 'object_catalog t, object_schema t, object_name t, object_type t, dtd_identifier t',
  domain_constraints: `
    constraint_catalog t, constraint_schema t, constraint_name t, domain_catalog t, domain_schema t,
    domain_name t, is_deferrable t, initially_deferred t`,
  domain_udt_usage: 'udt_catalog t, udt_schema t, udt_name t, domain_catalog t, domain_schema t, domain_name t',
  domains: `
    domain_catalog t, domain_schema t, domain_name t, data_type t, character_maximum_length i,
    character_octet_length i, character_set_catalog t, character_set_schema t, character_set_name t,
    collation_catalog t, collation_schema t, collation_name t, numeric_precision i,
    numeric_precision_radix i, numeric_scale i, datetime_precision i, interval_type t,
    interval_precision i, domain_default t, udt_catalog t, udt_schema t, udt_name t, scope_catalog t,
    scope_schema t, scope_name t, maximum_cardinality i, dtd_identifier t`,
  element_types: `
    object_catalog t, object_schema t, object_name t, object_type t, collection_type_identifier t,
    data_type t, character_maximum_length i, character_octet_length i, character_set_catalog t,
    character_set_schema t, character_set_name t, collation_catalog t, collation_schema t,
    collation_name t, numeric_precision i, numeric_precision_radix i, numeric_scale i,
    datetime_precision i, interval_type t, interval_precision i, udt_catalog t, udt_schema t, udt_name
    t, scope_catalog t, scope_schema t, scope_name t, maximum_cardinality i, dtd_identifier t`,
  enabled_roles: 'role_name t',
  foreign_data_wrapper_options:
    'foreign_data_wrapper_catalog t, foreign_data_wrapper_name t, option_name t, option_value t',
  foreign_data_wrappers: `
    foreign_data_wrapper_catalog t, foreign_data_wrapper_name t, authorization_identifier t,
    library_name t, foreign_data_wrapper_language t`,
  foreign_server_options: 'foreign_server_catalog t, foreign_server_name t, option_name t, option_value t',
  foreign_servers: `
    foreign_server_catalog t, foreign_server_name t, foreign_data_wrapper_catalog t,
    foreign_data_wrapper_name t, foreign_server_type t, foreign_server_version t,
    authorization_identifier t`,
  foreign_table_options:
    'foreign_table_catalog t, foreign_table_schema t, foreign_table_name t, option_name t, option_value t',
  foreign_tables: `
    foreign_table_catalog t, foreign_table_schema t, foreign_table_name t, foreign_server_catalog t,
    foreign_server_name t`,
  information_schema_catalog_name: 'catalog_name t',
  key_column_usage: `
    constraint_catalog t, constraint_schema t, constraint_name t, table_catalog t, table_schema t,
    table_name t, column_name t, ordinal_position i, position_in_unique_constraint i`,
  parameters: `
    specific_catalog t, specific_schema t, specific_name t, ordinal_position i, parameter_mode t,
    is_result t, as_locator t, parameter_name t, data_type t, character_maximum_length i,
    character_octet_length i, character_set_catalog t, character_set_schema t, character_set_name t,
    collation_catalog t, collation_schema t, collation_name t, numeric_precision i,
    numeric_precision_radix i, numeric_scale i, datetime_precision i, interval_type t,
    interval_precision i, udt_catalog t, udt_schema t, udt_name t, scope_catalog t, scope_schema t,
    scope_name t, maximum_cardinality i, dtd_identifier t, parameter_default t`,
  referential_constraints: `
    constraint_catalog t, constraint_schema t, constraint_name t, unique_constraint_catalog t,
    unique_constraint_schema t, unique_constraint_name t, match_option t, update_rule t, delete_rule t`,
  role_column_grants: `
    grantor t, grantee t, table_catalog t, table_schema t, table_name t, column_name t, privilege_type
    t, is_grantable t`,
  role_routine_grants: `
    grantor t, grantee t, specific_catalog t, specific_schema t, specific_name t, routine_catalog t,
    routine_schema t, routine_name t, privilege_type t, is_grantable t`,
  role_table_grants: `
    grantor t, grantee t, table_catalog t, table_schema t, table_name t, privilege_type t, is_grantable
    t, with_hierarchy t`,
  role_udt_grants: 'grantor t, grantee t, udt_catalog t, udt_schema t, udt_name t, privilege_type t, is_grantable t',
  role_usage_grants: `
    grantor t, grantee t, object_catalog t, object_schema t, object_name t, object_type t,
    privilege_type t, is_grantable t`,
  routine_column_usage: `
    specific_catalog t, specific_schema t, specific_name t, routine_catalog t, routine_schema t,
    routine_name t, table_catalog t, table_schema t, table_name t, column_name t`,
  routine_privileges: `
    grantor t, grantee t, specific_catalog t, specific_schema t, specific_name t, routine_catalog t,
    routine_schema t, routine_name t, privilege_type t, is_grantable t`,
  routine_routine_usage: `
    specific_catalog t, specific_schema t, specific_name t, routine_catalog t, routine_schema t,
    routine_name t`,
  routine_sequence_usage: `
    specific_catalog t, specific_schema t, specific_name t, routine_catalog t, routine_schema t,
    routine_name t, sequence_catalog t, sequence_schema t, sequence_name t`,
  routine_table_usage: `
    specific_catalog t, specific_schema t, specific_name t, routine_catalog t, routine_schema t,
    routine_name t, table_catalog t, table_schema t, table_name t`,
  routines: `
    specific_catalog t, specific_schema t, specific_name t, routine_catalog t, routine_schema t,
    routine_name t, routine_type t, module_catalog t, module_schema t, module_name t, udt_catalog t,
    udt_schema t, udt_name t, data_type t, character_maximum_length i, character_octet_length i,
    character_set_catalog t, character_set_schema t, character_set_name t, collation_catalog t,
    collation_schema t, collation_name t, numeric_precision i, numeric_precision_radix i, numeric_scale
    i, datetime_precision i, interval_type t, interval_precision i, type_udt_catalog t, type_udt_schema
    t, type_udt_name t, scope_catalog t, scope_schema t, scope_name t, maximum_cardinality i,
    dtd_identifier t, routine_body t, routine_definition t, external_name t, external_language t,
    parameter_style t, is_deterministic t, sql_data_access t, is_null_call t, sql_path t,
    schema_level_routine t, max_dynamic_result_sets i, is_user_defined_cast t, is_implicitly_invocable
    t, security_type t, to_sql_specific_catalog t, to_sql_specific_schema t, to_sql_specific_name t,
    as_locator t, created z, last_altered z, new_savepoint_level t, is_udt_dependent t,
    result_cast_from_data_type t, result_cast_as_locator t, result_cast_char_max_length i,
    result_cast_char_octet_length i, result_cast_char_set_catalog t, result_cast_char_set_schema t,
    result_cast_char_set_name t, result_cast_collation_catalog t, result_cast_collation_schema t,
    result_cast_collation_name t, result_cast_numeric_precision i, result_cast_numeric_precision_radix
    i, result_cast_numeric_scale i, result_cast_datetime_precision i, result_cast_interval_type t,
    result_cast_interval_precision i, result_cast_type_udt_catalog t, result_cast_type_udt_schema t,
    result_cast_type_udt_name t, result_cast_scope_catalog t, result_cast_scope_schema t,
    result_cast_scope_name t, result_cast_maximum_cardinality i, result_cast_dtd_identifier t`,
  schemata: `
    catalog_name t, schema_name t, schema_owner t, default_character_set_catalog t,
    default_character_set_schema t, default_character_set_name t, sql_path t`,
  sequences: `
    sequence_catalog t, sequence_schema t, sequence_name t, data_type t, numeric_precision i,
    numeric_precision_radix i, numeric_scale i, start_value t, minimum_value t, maximum_value t,
    increment t, cycle_option t`,
  sql_features: `
    feature_id t, feature_name t, sub_feature_id t, sub_feature_name t, is_supported t, is_verified_by
    t, comments t`,
  sql_implementation_info:
    'implementation_info_id t, implementation_info_name t, integer_value i, character_value t, comments t',
  sql_parts: 'feature_id t, feature_name t, is_supported t, is_verified_by t, comments t',
  sql_sizing: 'sizing_id i, sizing_name t, supported_value i, comments t',
  table_constraints: `
    constraint_catalog t, constraint_schema t, constraint_name t, table_catalog t, table_schema t,
    table_name t, constraint_type t, is_deferrable t, initially_deferred t, enforced t, nulls_distinct t`,
  table_privileges: `
    grantor t, grantee t, table_catalog t, table_schema t, table_name t, privilege_type t, is_grantable
    t, with_hierarchy t`,
  tables: `
    table_catalog t, table_schema t, table_name t, table_type t, self_referencing_column_name t,
    reference_generation t, user_defined_type_catalog t, user_defined_type_schema t,
    user_defined_type_name t, is_insertable_into t, is_typed t, commit_action t`,
  transforms: `
    udt_catalog t, udt_schema t, udt_name t, specific_catalog t, specific_schema t, specific_name t,
    group_name t, transform_type t`,
  triggered_update_columns: `
    trigger_catalog t, trigger_schema t, trigger_name t, event_object_catalog t, event_object_schema t,
    event_object_table t, event_object_column t`,
  triggers: `
    trigger_catalog t, trigger_schema t, trigger_name t, event_manipulation t, event_object_catalog t,
    event_object_schema t, event_object_table t, action_order i, action_condition t, action_statement t,
    action_orientation t, action_timing t, action_reference_old_table t, action_reference_new_table t,
    action_reference_old_row t, action_reference_new_row t, created z`,
  udt_privileges: 'grantor t, grantee t, udt_catalog t, udt_schema t, udt_name t, privilege_type t, is_grantable t',
  usage_privileges: `
    grantor t, grantee t, object_catalog t, object_schema t, object_name t, object_type t,
    privilege_type t, is_grantable t`,
  user_defined_types: `
    user_defined_type_catalog t, user_defined_type_schema t, user_defined_type_name t,
    user_defined_type_category t, is_instantiable t, is_final t, ordering_form t, ordering_category t,
    ordering_routine_catalog t, ordering_routine_schema t, ordering_routine_name t, reference_type t,
    data_type t, character_maximum_length i, character_octet_length i, character_set_catalog t,
    character_set_schema t, character_set_name t, collation_catalog t, collation_schema t,
    collation_name t, numeric_precision i, numeric_precision_radix i, numeric_scale i,
    datetime_precision i, interval_type t, interval_precision i, source_dtd_identifier t,
    ref_dtd_identifier t`,
  user_mapping_options: `
    authorization_identifier t, foreign_server_catalog t, foreign_server_name t, option_name t,
    option_value t`,
  user_mappings: 'authorization_identifier t, foreign_server_catalog t, foreign_server_name t',
  view_column_usage: `
    view_catalog t, view_schema t, view_name t, table_catalog t, table_schema t, table_name t,
    column_name t`,
  view_routine_usage: `
    table_catalog t, table_schema t, table_name t, specific_catalog t, specific_schema t, specific_name
    t`,
  view_table_usage: 'view_catalog t, view_schema t, view_name t, table_catalog t, table_schema t, table_name t',
  views: `
    table_catalog t, table_schema t, table_name t, view_definition t, check_option t, is_updatable t,
    is_insertable_into t, is_trigger_updatable t, is_trigger_deletable t, is_trigger_insertable_into t`,
}
