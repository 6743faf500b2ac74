// The words of cohorts in a question.
export const inCohortsWords = {
  'explore.in-cohorts': ['People', '人群'],
  'explore.cohort-is': ['In or not', '在或不在'],
  'explore.cohort-in': ['in cohort', '在群組'],
  'explore.cohort-out': ['not in cohort', '不在群組'],
  'explore.cohort-which': ['Cohort', '群組'],
  'explore.add-cohort': ['Only people of a cohort …', '只看某群組的人…'],
  'explore.remove-cohort': ['Remove cohort', '移除群組'],
} as const
