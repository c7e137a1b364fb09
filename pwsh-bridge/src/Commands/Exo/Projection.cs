using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Makes objects with the wanted properties only, as Select-Object would: they do not keep the whole answer alive.</summary>
internal sealed class Projection
{
    /// <summary>The projection to the properties of some sets and some more; null when everything is wanted.</summary>
    /// <param name="known">What is in the sets; <see cref="PropertySet.All"/> need not be among them.</param>
    /// <param name="sets">The wanted sets; none: the minimum.</param>
    /// <param name="more">Wanted besides.</param>
    /// <param name="warn">Told of names that the objects do not have.</param>
    internal static Projection? Of(
        IReadOnlyDictionary<PropertySet, string> known, PropertySet[]? sets, string[]? more, Action<string> warn)
    {
        if (sets is null || sets.Length == 0)
        {
            sets = new[] { PropertySet.Minimum };
        }
        if (Array.IndexOf(sets, PropertySet.All) >= 0)
        {
            return null;
        }
        var projection = new Projection(warn);
        // The object is what other commands take its identity from.
        projection.Add("Identity");
        foreach (PropertySet set in sets)
        {
            foreach (string name in PropertySets.Names(known[set]))
            {
                projection.Add(name);
            }
        }
        foreach (string name in more ?? Array.Empty<string>())
        {
            projection.Add(name);
            projection._asked.Add(name);
        }
        return projection;
    }

    /// <summary>The object with the wanted properties. What it does not have is null.</summary>
    internal object? Apply(object? value)
    {
        if (value is null)
        {
            return null;
        }
        PSObject whole = PSObject.AsPSObject(value);
        Warn(whole);
        var selected = new PSObject();
        selected.TypeNames.Insert(0, "Selected." + whole.TypeNames[0]);
        foreach (string name in _names)
        {
            PSPropertyInfo? property = whole.Properties[name];
            selected.Properties.Add(new PSNoteProperty(property?.Name ?? name, property?.Value), preValidated: true);
        }
        return selected;
    }

    /// <summary>Once for each name that was asked for: the first object says what there is.</summary>
    private void Warn(PSObject first)
    {
        foreach (string name in _asked)
        {
            if (first.Properties[name] is null)
            {
                _warn($"The objects have no property '{name}'.");
            }
        }
        _asked.Clear();
    }

    private Projection(Action<string> warn) => _warn = warn;

    private void Add(string name)
    {
        if (_known.Add(name))
        {
            _names.Add(name);
        }
    }

    private readonly Action<string> _warn;
    private readonly List<string> _names = new();
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _asked = new();
}
