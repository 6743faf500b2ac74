// The words of programs that people sign in to with their account here.
export const applicationWords = {
  'apps.title': ['Applications', '應用程式'],
  'apps.text': [
    'JupyterHub, Grafana and others that people sign in to with their account here (OpenID Connect).',
    'JupyterHub、Grafana 等可用本站帳號登入的應用程式（OpenID Connect）。',
  ],
  'apps.name': ['Name', '名稱'],
  'apps.id': ['Client id', '用戶端 ID'],
  'apps.redirect': ['Comes back to', '返回網址'],
  'apps.act': ['Action', '動作'],
  'apps.add': ['Add', '新增'],
  'apps.made': ['{name} is added', '已新增 {name}'],
  'apps.once': [
    'Its secret is shown this once. Client id: {id}. Issuer: {issuer}',
    '密鑰只顯示這一次。用戶端 ID：{id}。簽發者：{issuer}',
  ],
  'apps.all': ['All applications', '所有應用程式'],
  'apps.remove': ['Remove', '移除'],
  'apps.remove-one': ['Remove {name}', '移除 {name}'],
  'apps.remove-sure': [
    'Nobody can sign in to it with their account here any more, and what it was given is worthless.',
    '將無法再以本站帳號登入，已發出的權杖也會失效。',
  ],
  'apps.removed': ['{name} is removed.', '已移除 {name}。'],
} as const
