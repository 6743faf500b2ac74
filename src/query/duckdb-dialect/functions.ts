// Which of the engine's functions people may call in the DuckDB dialect. A list of what is allowed, never of what is refused: a
// new version brings new ones. Not in it, on purpose: what reads files, settings, the environment or the catalogue, runs text as
// SQL, writes, waits, shows the statement as it runs (policies stand in it; so does `alias`), or shows statistics of the columns beneath a mask.

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** One name for many: `list_` and `array_` are the same functions. */
function lists(text: string): string[] {
  return words(text).flatMap((name) => [`list_${name}`, `array_${name}`])
}

const operators = words(`
  !__postfix !~~ !~~* % & && * ** + - ->> -> / // <-> << <=> <@ >> @ @> ^ ^@ | || ~ ~~ ~~* ~~~ !~ ~* !~*`)

const aggregates = words(`
  any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last arg_min
  arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or corr count
  count_if count_star countif covar_pop covar_samp cume_dist dense_rank entropy favg fill first first_value fsum geomean
  geometric_mean group_concat grouping grouping_id histogram histogram_exact kahan_sum kurtosis kurtosis_pop lag last last_value
  lead list listagg mad max max_by mean median min min_by mode nth_value ntile percent_rank percentile_cont percentile_disc
  product quantile quantile_cont quantile_disc rank rank_dense regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope
  regr_sxx regr_sxy regr_syy reservoir_quantile row_number sem skewness stddev stddev_pop stddev_samp string_agg sum
  sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg`)

const numbers = words(`
  abs acos acosh add asin asinh atan atan2 atanh bin bit_count bit_position bitstring cbrt ceil ceiling cos cosh cot degrees divide
  even exp factorial fdiv floor fmod gamma gcd get_bit greatest_common_divisor hex isfinite isinf isnan lcm
  least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians round round_even roundbankers
  set_bit sign signbit sin sinh sqrt subtract tan tanh to_base to_binary to_hex trunc xor equi_width_bins is_histogram_other_bin`)

const texts = words(`
  ascii bar base64 bit_length char_length character_length chr concat concat_ws contains damerau_levenshtein decode editdist3 encode
  ends_with format format_bytes formatreadabledecimalsize formatreadablesize from_base64 from_binary from_hex hamming hash
  ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity lcase left left_grapheme length length_grapheme
  levenshtein like_escape lower lpad ltrim md5 md5_number md5_number_lower md5_number_upper mismatches nfc_normalize
  not_ilike_escape not_like_escape octet_length ord parse_dirname parse_dirpath parse_filename parse_formatted_bytes parse_path
  pg_size_pretty position prefix printf regexp_escape regexp_extract regexp_extract_all regexp_full_match regexp_matches
  regexp_replace regexp_split_to_array regexp_split_to_table repeat replace reverse right right_grapheme rpad rtrim sha1 sha256
  split split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array strip_accents strlen
  strpos substr substring substring_grapheme suffix to_base64 translate trim ucase unbin unhex unicode upper url_decode
  url_encode`)

const times = words(`
  age ago century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
  dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear julian last_day make_date
  make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz microsecond millennium millisecond minute month
  monthname nanosecond normalized_interval quarter second strftime strptime time_bucket timezone timezone_hour timezone_minute
  to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters
  to_seconds to_timestamp to_weeks to_years try_strptime week weekday weekofyear year yearweek timetz_byte_comparable`)

const collections = [
  ...lists(`
    aggr aggregate apply cat concat contains cosine_distance cosine_similarity distance distinct dot_product element extract
    filter grade_up has has_all has_any indexof inner_product intersect negative_dot_product negative_inner_product pack position
    reduce resize reverse_sort select slice sort transform unique value where zip append prepend reverse any_value
    approx_count_distinct avg bit_and bit_or bit_xor bool_and bool_or count entropy first histogram kurtosis kurtosis_pop last
    mad max median min mode product sem skewness stddev_pop stddev_samp string_agg sum var_pop var_samp`),
  ...words(`
    aggregate apply array_cross_product array_length array_pop_back array_pop_front array_push_back array_push_front
    array_to_json array_to_string array_to_string_comma_default cardinality element_at filter flatten generate_series
    generate_subscripts grade_up len map map_concat map_contains map_contains_entry map_contains_value map_entries map_extract
    map_extract_value map_from_entries map_keys map_values range reduce row struct_concat struct_contains struct_extract
    struct_extract_at struct_has struct_indexof struct_insert struct_keys struct_pack struct_position struct_update
    struct_values union_extract union_tag union_value unnest unpivot_list`),
]

const json = words(`
  from_json from_json_strict json json_array json_array_length json_contains json_exists json_extract json_extract_path
  json_extract_path_text json_extract_string json_group_array json_group_object json_group_structure json_keys
  json_merge_patch json_object json_pretty json_quote json_structure json_transform json_transform_strict json_type json_valid
  json_value row_to_json to_json`)

const others = words(`
  cast_to_type coalesce constant_or_null enum_code enum_first enum_last enum_range enum_range_boundary error greatest ifnull
  least nullif pg_typeof typeof uuid_extract_timestamp uuid_extract_version version`)

/** Of the session as people see it: these are answered by the rewriter or tell nothing. */
const session = words(`current_catalog current_database current_schema current_schemas`)

/** Another answer each time: nothing that holds them is kept in the cache. */
export const volatileFunctions: ReadonlySet<string> = new Set(
  words(`
    current_date current_localtime current_localtimestamp current_time current_timestamp gen_random_uuid get_current_time
    get_current_timestamp localtime localtimestamp now random today transaction_timestamp uuid uuidv4 uuidv7 ago age
    current_user session_user user current_role reservoir_quantile`),
)

/** Answered with the caller's handle: to the engine everybody is the same. */
export const callerFunctions: ReadonlySet<string> = new Set(words('current_user session_user user current_role'))

const allowed: ReadonlySet<string> = new Set([
  ...operators,
  ...aggregates,
  ...numbers,
  ...texts,
  ...times,
  ...collections,
  ...json,
  ...others,
  ...session,
  ...volatileFunctions,
])

/** Table functions that only count or unfold what stands in the statement. */
const allowedTables: ReadonlySet<string> = new Set(
  words(`
    duckdb_keywords duckdb_types generate_series icu_calendar_names json_each json_tree pg_timezone_names
    pragma_collations pragma_version range repeat repeat_row summary unnest`),
)

/** Table functions that tell of the catalogue, and by which columns; answered from what the caller may see. */
export const catalogFunctions: ReadonlyMap<string, 'tables' | 'views' | 'columns' | 'schemas'> = new Map([
  ['duckdb_tables', 'tables'],
  ['duckdb_views', 'views'],
  ['duckdb_columns', 'columns'],
  ['duckdb_schemas', 'schemas'],
])

/** `name` in lower case. */
export function mayCall(name: string): boolean {
  return allowed.has(name)
}

export function mayReadFrom(name: string): boolean {
  return allowedTables.has(name)
}
