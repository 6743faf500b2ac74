// The keyboard map.
import { useWords } from '../words/words.ts'
import { Dialog } from './dialog.tsx'
import { modKey } from './keys.ts'
import { useMe } from './me.ts'
import { Button, Key } from './parts.tsx'
import { placesOf } from './places.ts'
import { shellWords } from './words.ts'
import { helpWords } from './help-words.ts'

export function Help({ close }: { readonly close: () => void }) {
  const t = useWords(helpWords)
  const shell = useWords(shellWords)
  const map = [
    [[modKey, 'K'], t('help.palette')],
    [['?'], t('help.help')],
    ...placesOf(useMe()).map(({ letter, word }) => [['g', letter], t('help.go', { page: shell(word) })] as const),
    [[modKey, '↵'], t('help.run')],
    [[modKey, 'S'], t('help.save')],
    [['Ctrl', 'Space'], t('help.complete')],
    [['Esc'], t('help.escape')],
    [['←', '↑', '↓', '→'], t('help.cells')],
    [[modKey, 'C'], t('help.copy')],
    [['Space'], t('help.pause')],
  ] as const
  return (
    <Dialog label={t('help.title')} close={close}>
      <div className="grid gap-3 p-4">
        <h2 className="font-medium">{t('help.title')}</h2>
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
          {map.map(([keys, text]) => (
            <div key={text} className="contents">
              <dt className="flex gap-1">
                {keys.map((key) => (
                  <Key key={key}>{key}</Key>
                ))}
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        <Button className="justify-self-end" onClick={close}>
          {t('help.close')}
        </Button>
      </div>
    </Dialog>
  )
}
