using System.Collections.ObjectModel;
using System.Management.Automation;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>Shows the properties of a <see cref="Row"/> to PowerShell.</summary>
public sealed class RowAdapter : PSPropertyAdapter
{
    /// <inheritdoc/>
    public override Collection<string> GetTypeNameHierarchy(object baseObject)
    {
        var names = new Collection<string>();
        foreach (string name in ((Row)baseObject).TypeNames)
        {
            names.Add(name);
        }
        return names;
    }

    /// <inheritdoc/>
    public override Collection<PSAdaptedProperty> GetProperties(object baseObject)
    {
        var properties = new Collection<PSAdaptedProperty>();
        foreach (TapeValue property in ((Row)baseObject).Properties)
        {
            properties.Add(Adapted(property));
        }
        return properties;
    }

    /// <inheritdoc/>
    public override PSAdaptedProperty? GetProperty(object baseObject, string propertyName) =>
        ((Row)baseObject).Find(propertyName) is { } property ? Adapted(property) : null;

    /// <inheritdoc/>
    public override bool IsGettable(PSAdaptedProperty adaptedProperty) => true;

    /// <inheritdoc/>
    public override bool IsSettable(PSAdaptedProperty adaptedProperty) => true;

    /// <inheritdoc/>
    public override object? GetPropertyValue(PSAdaptedProperty adaptedProperty) =>
        ((Row)adaptedProperty.BaseObject).Read((TapeValue)adaptedProperty.Tag);

    /// <inheritdoc/>
    public override void SetPropertyValue(PSAdaptedProperty adaptedProperty, object? value) =>
        ((Row)adaptedProperty.BaseObject).Assign((TapeValue)adaptedProperty.Tag, value);

    /// <inheritdoc/>
    public override string GetPropertyTypeName(PSAdaptedProperty adaptedProperty) =>
        ((Row)adaptedProperty.BaseObject).TypeNameOf((TapeValue)adaptedProperty.Tag);

    private static PSAdaptedProperty Adapted(TapeValue property) => new RowProperty(property.Name ?? string.Empty, property);

    /// <summary>Describes itself as the properties of PowerShell's own deserialized objects do.</summary>
    private sealed class RowProperty : PSAdaptedProperty
    {
        internal RowProperty(string name, object tag)
            : base(name, tag)
        {
        }

        /// <inheritdoc/>
        public override string ToString() => TypeNameOfValue + " {get;set;}";
    }
}
