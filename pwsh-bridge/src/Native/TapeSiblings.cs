using System;
using System.Collections;
using System.Collections.Generic;

namespace ExchangeOnlineManagement.Native;

/// <summary>Values that stand side by side in a tape; for <c>foreach</c>, without memory of its own.</summary>
internal readonly struct TapeSiblings : IEnumerable<TapeValue>
{
    private readonly Tape _tape;
    private readonly int _start;
    private readonly int _end;

    internal TapeSiblings(Tape tape, int start, int end)
    {
        _tape = tape;
        _start = start;
        _end = end;
    }

    /// <summary>Whether there is none.</summary>
    internal bool IsEmpty => _end <= _start;

    /// <summary>How many there are; walks over them.</summary>
    internal int Count()
    {
        int count = 0;
        foreach (TapeValue _ in this)
        {
            count++;
        }
        return count;
    }

    public Enumerator GetEnumerator() => new(_tape, _start, _end);

    IEnumerator<TapeValue> IEnumerable<TapeValue>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal struct Enumerator : IEnumerator<TapeValue>
    {
        private readonly Tape _tape;
        private readonly int _end;
        private int _next;

        internal Enumerator(Tape tape, int start, int end)
        {
            _tape = tape;
            _next = start;
            _end = end;
            Current = default;
        }

        public TapeValue Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            if (_end <= _next)
            {
                return false;
            }
            Current = new TapeValue(_tape, _next);
            _next = _tape.EndOf(_next);
            return true;
        }

        public readonly void Dispose()
        {
        }

        void IEnumerator.Reset() => throw new NotSupportedException();
    }
}
