import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { FieldProblem } from './kinds';
import type { Scan } from './json';

const LinePx = 19;

export interface CodeEditorProps {
  label: string;
  value: string;
  scanned: Scan;
  problems: FieldProblem[];
  readOnly: boolean;
  onChange: (text: string) => void;
  onApply: () => void;
  onFormat: () => void;
  /** Goes to a line; a new object each time. */
  jump: { line: number } | null;
}

/**
 * A text with line numbers, colours, and what is wrong beside the line that it is about. What is typed into is a plain text area, with the undo, the selection and the reader of the browser;
 * the colours lie behind it. Tab leaves it, as it leaves every field.
 */
export function CodeEditor(p: CodeEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const behind = useRef<HTMLDivElement>(null);
  const byLine = useMemo(() => {
    const map = new Map<number, string>();
    for (const { line, message, field } of p.problems) if (line !== undefined) map.set(line, `${map.get(line) ? `${map.get(line)}; ` : ''}${field.split('.').at(-1) ?? ''} ${message}`.trim());
    return map;
  }, [p.problems]);
  const numbers = [...byLine.keys()].sort((a, b) => a - b);
  const goTo = (line: number) => {
    const lines = p.value.split('\n');
    const start = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
    area.current!.focus();
    area.current!.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    area.current!.scrollTop = Math.max(0, (line - 5) * LinePx);
  };
  useEffect(() => {
    if (p.jump) goTo(p.jump.line);
  }, [p.jump]);
  const press = (e: KeyboardEvent) => {
    const target = area.current!;
    const before = target.value.slice(0, target.selectionStart);
    if ((e.ctrlKey || e.metaKey) && e.key === 's') {
      e.preventDefault();
      p.onApply();
    } else if (e.key === 'F8' && numbers.length > 0) {
      e.preventDefault();
      const line = before.split('\n').length;
      goTo(e.shiftKey ? (numbers.findLast((n) => n < line) ?? numbers.at(-1)!) : (numbers.find((n) => n > line) ?? numbers[0]!));
    } else if (e.altKey && e.shiftKey && e.code === 'KeyF') {
      e.preventDefault();
      p.onFormat();
    } else if (e.key === 'Enter' && !p.readOnly && !e.isComposing && !e.ctrlKey && !e.altKey && !e.metaKey) {
      e.preventDefault();
      const line = before.slice(before.lastIndexOf('\n') + 1);
      const indent = /^ */.exec(line)![0] + (/[{[]\s*$/.test(line) ? '  ' : '');
      const closes = /^[}\]]/.test(target.value.slice(target.selectionEnd)) && /[{[]$/.test(before);
      // The browser's own way of typing, so that undo takes it back.
      document.execCommand('insertText', false, `\n${indent}${closes ? `\n${indent.slice(2)}` : ''}`);
      if (closes) target.setSelectionRange(before.length + 1 + indent.length, before.length + 1 + indent.length);
    }
  };
  const follow = () => {
    const { scrollLeft, scrollTop } = area.current!;
    behind.current!.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
    // The numbers stay where they are.
    behind.current!.style.setProperty('--x', `${scrollLeft}px`);
  };
  return (
    <div class={`editor ${p.problems.length > 0 ? 'wrong' : ''}`} style={{ '--digits': String(p.scanned.lines.length).length }}>
      <div class="editor-behind" aria-hidden="true">
        <div ref={behind}>
          {p.scanned.lines.map((tokens, i) => (
            <div class={`editor-line ${byLine.has(i + 1) ? 'bad' : ''}`} title={byLine.get(i + 1)}>
              <span class="editor-number">{i + 1}</span>
              {tokens.map((t) => (t.kind === 'space' ? t.text : <span class={`t-${t.kind}`}>{t.text}</span>))}
              {byLine.has(i + 1) && <span class="editor-lens">{byLine.get(i + 1)}</span>}
            </div>
          ))}
        </div>
      </div>
      <textarea ref={area} class="code" aria-label={p.label} aria-invalid={p.problems.length > 0} aria-keyshortcuts="F8 Control+S Shift+Alt+F" spellcheck={false} autocapitalize="off" readOnly={p.readOnly} wrap="off"
        rows={Math.min(26, Math.max(14, p.scanned.lines.length + 1))} value={p.value} onInput={(e) => p.onChange(e.currentTarget.value)} onKeyDown={press} onScroll={follow} />
    </div>
  );
}
